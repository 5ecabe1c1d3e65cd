"""Mail that goes out: composed, queued, sent. It knows no event, invitation or letter."""
