"""Verbs of mail that came in; none of them commits."""
