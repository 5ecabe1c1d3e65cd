"""``make run``: web server, worker and a local mail server on one machine, for trying out and small offices."""
