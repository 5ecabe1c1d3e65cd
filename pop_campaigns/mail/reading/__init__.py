"""All that understands a message: parts, charsets, what kind it is, what a person wrote."""
