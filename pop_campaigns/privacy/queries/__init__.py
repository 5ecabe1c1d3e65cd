"""Reads of personal data; none of them changes anything."""
