from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.backends.signals import connection_created

from . import checks  # noqa: F401 - registers the portal's own checks


class PortaleConfig(AppConfig):
    default = True
    name = "portale"
    verbose_name = "Portale"

    def ready(self):
        # Models exist only now.
        from . import segnali
        from .lib import cercato

        segnali.collega()
        connection_created.connect(cercato.prepara_sqlite, dispatch_uid="cercato")


class AmministrazioneConfig(admin_apps.AdminConfig):
    """Django's admin, on our own site: every ``@admin.register`` lands there."""

    default = False
    default_site = "portale.admin.PortaleAdminSite"
