"""Who is asked to an event, and what they answer."""
