from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ImportazioniConfig(AppConfig):
    name = "importazioni"
    verbose_name = "Importazioni"

    def ready(self):
        # Every app's fogli.py registers the kinds of sheet that it reads and writes.
        autodiscover_modules("fogli")
