"""Loads a network's record (who, campaigns, events, letters) from a file of facts."""
