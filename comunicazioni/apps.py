from django.apps import AppConfig


class ComunicazioniConfig(AppConfig):
    name = "comunicazioni"
    verbose_name = "Scrivere alle persone"
