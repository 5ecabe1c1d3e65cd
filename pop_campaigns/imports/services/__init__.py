"""Verbs of imports; none of them commits."""
