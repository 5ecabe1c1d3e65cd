"""Verbs of letters; none of them commits."""
