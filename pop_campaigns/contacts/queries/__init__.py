"""Reads of contacts; none of them changes anything."""
