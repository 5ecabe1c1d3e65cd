"""Verbs of personal data; none of them commits."""
