"""How somebody signs in: Flask-Security set up, the cookie of a session, words kept for after a new sign-in."""
