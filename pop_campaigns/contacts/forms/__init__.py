"""Forms of contacts: the shape of input."""
