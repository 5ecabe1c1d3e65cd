"""Pages for coordinators that show several packages: Today, the mail queue, search."""
