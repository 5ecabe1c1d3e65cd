"""Reads of the desk; none of them changes anything."""
