from django.apps import AppConfig


class TavoloConfig(AppConfig):
    name = "tavolo"
    verbose_name = "Tavolo di Negoziazione"

    def ready(self):
        # The kinds of mail, what a visitor may ask for and the steps of the chains are known from
        # the start.
        from . import catena, conferme, emails, segnali  # noqa: F401
