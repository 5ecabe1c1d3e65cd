"""Mail that came in: to what it belongs, what follows from it, and what waits for a person to say so."""
