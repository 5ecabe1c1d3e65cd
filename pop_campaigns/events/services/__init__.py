"""Verbs that change events, by noun."""
