"""Reads of invitations; none of them changes anything."""
