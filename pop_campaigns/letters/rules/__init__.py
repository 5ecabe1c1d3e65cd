"""Decisions about letters; plain values in, plain values out."""
