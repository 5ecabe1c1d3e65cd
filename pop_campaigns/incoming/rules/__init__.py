"""Decisions about mail that came in; plain values in, plain values out."""
