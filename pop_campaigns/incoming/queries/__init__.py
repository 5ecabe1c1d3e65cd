"""Reads of mail that came in; none of them changes anything."""
