from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PostaConfig(AppConfig):
    name = "posta"
    verbose_name = "Posta in uscita"

    def ready(self):
        # Every app's emails.py registers the kinds of mail that it composes.
        autodiscover_modules("emails")
