"""Decisions about imports; plain values in, plain values out."""
