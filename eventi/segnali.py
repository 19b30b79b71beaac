"""What this app announces to those above it."""

from django.dispatch import Signal

# A meeting that people knew of was moved, put off, cancelled, or is attended in another way.
# Sent inside the transaction that did it, under the meeting's lock: ``incontro``, ``annuncio``
# ("spostato", "rinviato", "annullato", "collegamento"), ``motivo`` and ``adesso``. Whoever
# receives it queues mails of its own; ``incontro.sequenza`` tells one change from the next.
incontro_cambiato = Signal()
