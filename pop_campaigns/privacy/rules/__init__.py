"""Decisions about personal data; plain values in, plain values out."""
