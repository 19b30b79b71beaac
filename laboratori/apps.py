from django.apps import AppConfig


class LaboratoriConfig(AppConfig):
    name = "laboratori"
    verbose_name = "Laboratori di quartiere"
