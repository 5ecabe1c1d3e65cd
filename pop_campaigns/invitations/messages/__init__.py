"""What each mail to a guest says."""
