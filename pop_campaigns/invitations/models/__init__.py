"""Tables of invitations."""
