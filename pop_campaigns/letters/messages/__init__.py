"""What the mails and papers of letters say."""
