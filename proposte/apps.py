from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProposteConfig(AppConfig):
    name = "proposte"
    verbose_name = "bisogni e proposte"

    def ready(self):
        # Files go with their rows from the start, whoever deletes them.
        from . import allegati  # noqa: F401

        post_migrate.connect(_prepara_ricerca, sender=self, dispatch_uid="ricerca")


def _prepara_ricerca(using, **kwargs):
    # Models can be imported only once all apps are ready.
    from .ricerca import prepara_sqlite

    prepara_sqlite(using)
