"""Calendar objects as they go on the wire (RFC 5545, 5546, 7986): pure functions, no web, no database.

`zones` turns typed local times into instants and writes time zones, `invite` writes an invitation or its
cancellation for one guest, `feed` writes what the public subscribes to.
"""
