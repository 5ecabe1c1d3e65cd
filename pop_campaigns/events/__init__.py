"""Events: kind, when, where, changes, attendance, commitments."""
