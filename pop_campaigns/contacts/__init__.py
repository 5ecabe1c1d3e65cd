"""Institutions, offices, persons, mandates and their addresses."""
