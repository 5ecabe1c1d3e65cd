"""Contacts from files: read, mapped, looked over, brought in, and taken back."""
