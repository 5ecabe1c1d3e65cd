"""Reads of letters; none of them changes anything."""
