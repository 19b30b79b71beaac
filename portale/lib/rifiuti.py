"""How a service says no: one word for all of them, so that a page catches it whoever says it."""


class Rifiuto(Exception):
    """What was asked cannot be done; the message is fit to be shown to a person."""


class Superata(Rifiuto):
    """Somebody saved the same thing meanwhile; nothing was overwritten."""
