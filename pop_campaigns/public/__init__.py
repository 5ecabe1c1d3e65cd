"""Pages without an account, in both languages: events, members, calendars to subscribe to."""
