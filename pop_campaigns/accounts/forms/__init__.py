"""Forms of accounts: the shape of input."""
