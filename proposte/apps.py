from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProposteConfig(AppConfig):
    name = "proposte"
    verbose_name = "Bisogni e proposte"

    def ready(self):
        # Files go with their rows, and themes stand beside their proposals, from the start and
        # whoever changes them.
        from . import allegati, temi  # noqa: F401

        post_migrate.connect(_prepara_ricerca, sender=self, dispatch_uid="ricerca")


def _prepara_ricerca(using, **kwargs):
    # Models can be imported only once all apps are ready.
    from .ricerca import prepara_sqlite

    prepara_sqlite(using)
