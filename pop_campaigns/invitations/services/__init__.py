"""Verbs of invitations; none of them commits."""
