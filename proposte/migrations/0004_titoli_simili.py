from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


def crea_indice(apps, schema_editor):
    """PostgreSQL alone: proposte.simili looks through all titles while somebody types hers."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX proposta_titolo_terne ON proposte_proposta"
            " USING gin (indice_titolo gin_trgm_ops) WITH (fastupdate = off)"
        )


def togli_indice(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX proposta_titolo_terne")


class Migration(migrations.Migration):
    dependencies = [
        ("proposte", "0003_ricerca"),
    ]

    operations = [
        # It does nothing on other databases, and nothing where an administrator has made it.
        TrigramExtension(),
        migrations.RunPython(crea_indice, togli_indice),
    ]
