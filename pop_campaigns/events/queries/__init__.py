"""Named reads of events, by noun."""
