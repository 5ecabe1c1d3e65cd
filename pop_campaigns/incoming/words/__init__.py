"""Mail that came in in words, in the language of whoever reads."""
