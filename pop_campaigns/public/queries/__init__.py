"""Reads of the public pages; none of them changes anything."""
