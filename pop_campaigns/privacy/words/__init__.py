"""Personal data in words, in the language of whoever reads."""
