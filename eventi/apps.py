from django.apps import AppConfig


class EventiConfig(AppConfig):
    name = "eventi"
    verbose_name = "Incontri"
