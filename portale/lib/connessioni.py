"""Database connections in processes that live for months."""

from django.db import close_old_connections, connections


def rinnova_connessioni(**kwargs):
    """Between one piece of work and the next, let go of what is old or broken, so that a
    database that was restarted is found again. Inside a transaction it does nothing."""
    if not any(c.in_atomic_block for c in connections.all(initialized_only=True)):
        close_old_connections()
