"""Decisions about events; pure."""
