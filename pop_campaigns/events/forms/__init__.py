"""Forms of events: the shape of input."""
