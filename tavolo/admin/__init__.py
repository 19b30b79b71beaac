from . import adesioni, decisioni, documenti, domande, esami, regole, sedute, soggetti, verbali

__all__ = [
    "adesioni",
    "decisioni",
    "documenti",
    "domande",
    "esami",
    "regole",
    "sedute",
    "soggetti",
    "verbali",
]
