"""Reads of lists; none of them changes anything."""
