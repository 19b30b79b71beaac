from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

from .gruppi import aggiorna_gruppi


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Persone"

    def ready(self):
        # Models exist only now.
        from allauth.account.signals import user_logged_in
        from allauth.mfa import signals as mfa

        from . import accesso, sessioni
        from .spid import checks  # noqa: F401 - registers them

        user_logged_in.connect(sessioni.entrata, dispatch_uid="accounts.sessioni.entrata")
        for segnale in (mfa.authenticator_added, mfa.authenticator_used):
            segnale.connect(accesso.fattore_usato, dispatch_uid="accounts.accesso.usato")
        mfa.authenticator_removed.connect(
            accesso.fattore_tolto, dispatch_uid="accounts.accesso.tolto"
        )
        post_migrate.connect(aggiorna_gruppi, dispatch_uid="accounts.gruppi")
        # What each app lets a visitor ask for before her address is known.
        autodiscover_modules("conferme")
        # For which purposes each holds people's data, what it holds and how it lets go.
        autodiscover_modules("privacy")
        # What of each app has been kept long enough.
        from . import scadenze  # noqa: F401 (models are loaded only now)

        autodiscover_modules("conservazione")
