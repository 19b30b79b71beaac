from django.apps import AppConfig

from . import checks  # noqa: F401 - registers the portal's own checks


class PortaleConfig(AppConfig):
    name = "portale"
    verbose_name = "portale"

    def ready(self):
        # Models exist only now.
        from . import segnali

        segnali.collega()
