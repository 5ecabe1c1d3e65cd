"""Advocacy campaigns, events, invitations and letters for networks of civil-society organisations."""
