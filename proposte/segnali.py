"""What this app announces to those above it."""

from django.dispatch import Signal

# Something that everybody reads has changed by an ``update()``, which Django itself tells nobody.
# Sent by the services, inside their transaction.
contenuto_cambiato = Signal()
