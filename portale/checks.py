"""What must never be served: the portal's own system checks."""

from django.apps import apps
from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import DatabaseError, connections
from django.db.models import Q

from .demo.scenario import leggi_scenario


@register(Tags.database)
def no_demo_data_in_production(app_configs, databases, **kwargs):
    """Whoever has an example row has the example accounts too, whose password is public."""
    if not settings.PRODUZIONE or "default" not in (databases or ()):
        return []
    try:
        # Before the first migration there is no table, and no demo in it.
        tabelle = set(connections["default"].introspection.table_names())
    except DatabaseError as errore:
        return [
            Error(
                f"The database does not answer: {str(errore).splitlines()[0]}",
                hint="Look at DATABASE_URL, and whether the server is up.",
                id="portale.E004",
            )
        ]
    trovati = [
        str(model._meta.verbose_name_plural)
        for model in apps.get_models()
        if model._meta.db_table in tabelle and _ha_esempi(model)
    ]
    if not trovati:
        return []
    return [
        Error(
            f"This database holds demo data ({', '.join(trovati)}): its accounts have a "
            "password that everybody knows.",
            hint="Take it away with `manage.py rimuovi_demo`, or start from an empty database. "
            "Delete by hand an account of the demo's addresses that somebody made apart.",
            id="portale.E001",
        )
    ]


def _ha_esempi(model) -> bool:
    """Whether it has rows of the demo: marked as such, or accounts of its addresses (example.org
    is nobody's, RFC 2606)."""
    if not any(campo.name == "esempio" for campo in model._meta.concrete_fields):
        return False
    di_esempio = Q(esempio=True)
    if model._meta.label == settings.AUTH_USER_MODEL:
        di_esempio |= Q(email__in=[conto["email"] for conto in leggi_scenario()["conti"]])
    try:
        return model._default_manager.filter(di_esempio).exists()
    except DatabaseError:
        return False  # the migration that adds the column is about to run


@register(Tags.compatibility)
def sqlite_takes_turns(app_configs, **kwargs):
    """Without IMMEDIATE, writers that start together fail with "database is locked"."""
    return [
        Error(
            f'The SQLite database "{alias}" must open its transactions as IMMEDIATE.',
            hint='Set OPTIONS["transaction_mode"] to "IMMEDIATE".',
            id="portale.E002",
        )
        for alias in connections
        if connections[alias].vendor == "sqlite"
        and connections[alias].settings_dict["OPTIONS"].get("transaction_mode") != "IMMEDIATE"
    ]


@register(Tags.compatibility)
def no_transaction_around_each_request(app_configs, **kwargs):
    """With IMMEDIATE even a page that only reads would wait for every writer."""
    return [
        Error(
            f'The database "{alias}" has ATOMIC_REQUESTS on: each page would take the write lock.',
            id="portale.E003",
        )
        for alias in connections
        if connections[alias].settings_dict["ATOMIC_REQUESTS"]
    ]
