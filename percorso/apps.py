from django.apps import AppConfig


class PercorsoConfig(AppConfig):
    name = "percorso"
    verbose_name = "Percorsi partecipativi"
