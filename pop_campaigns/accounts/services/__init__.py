"""Verbs of accounts; none of them commits."""
