"""Decisions about accounts; plain values in, plain values out."""
