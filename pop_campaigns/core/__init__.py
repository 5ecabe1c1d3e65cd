"""What every package stands on: database, clock, tokens, languages, text, history."""
