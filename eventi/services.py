"""The one door to seats, registrations and the life of a meeting."""


class Rifiuto(Exception):
    """What was asked cannot be done; the message is fit to be shown to a person."""
