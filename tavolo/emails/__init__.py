"""Every mail about the Tavolo, one composer each, by what it is about."""

from . import decisioni, esami, sedute, soggetti, verbali

__all__ = ["decisioni", "esami", "sedute", "soggetti", "verbali"]
