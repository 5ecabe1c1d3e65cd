"""Decisions about invitations; pure."""
