"""All ways in: SMTP and LMTP, a mailbox, a pipe; stored raw before anything else."""
