from django.apps import AppConfig


class ProposteConfig(AppConfig):
    name = "proposte"
    verbose_name = "bisogni e proposte"
