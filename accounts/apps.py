from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

from .gruppi import aggiorna_gruppi


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "persone"

    def ready(self):
        post_migrate.connect(aggiorna_gruppi, dispatch_uid="accounts.gruppi")
        # What each app lets a visitor ask for before her address is known.
        autodiscover_modules("conferme")
