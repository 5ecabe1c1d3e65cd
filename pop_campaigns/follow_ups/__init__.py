"""Reminders people set themselves: on a day, about anything, with a word why. Knows nobody above."""
