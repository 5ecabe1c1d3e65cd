"""Lists of contacts: kept by hand, or a saved filter that is looked up anew whenever it is used."""
