"""Reads with names: reminders that are due, and what they are about."""
