"""The public pages in words, in the language of whoever reads."""
