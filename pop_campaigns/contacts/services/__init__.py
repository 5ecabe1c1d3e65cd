"""Verbs of contacts; none of them commits."""
