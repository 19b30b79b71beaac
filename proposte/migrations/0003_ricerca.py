from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Mod

import proposte.models.proposte

# What a search looks into, as proposte.ricerca writes it: the words of the texts, those of the
# title by themselves, and the few facts that narrow a search while the words are looked up.
PAROLE_PROPOSTA = (
    "string_to_array(indice || ' ' || regexp_replace(indice_titolo, '(^| )', '\\1~', 'g')"
    " || ' #' || (id / 4096)::text || ' ##' || (id / 32768)::text || ' @' || coalesce(laboratorio_id, 0)::text"
    " || ' ' || stato || '/ ' || canale || '/', ' ')"
)
PAROLE_BISOGNO = "string_to_array(indice, ' ')"


def sorteggia(apps, schema_editor):
    """The rows that were there were given one lot for all."""
    proposte = apps.get_model("proposte", "Proposta").objects.using(schema_editor.connection.alias)
    proposte.update(sorte=Mod(F("id") * 1103515245 + 12345, 2**31))


def crea_indici(apps, schema_editor):
    """PostgreSQL alone: what SQLite needs lives beside its tables (proposte.ricerca)."""
    if schema_editor.connection.vendor == "postgresql":
        # Without a list of pending entries, which every search would read from end to end.
        for tabella, parole in (
            ("proposte_proposta", PAROLE_PROPOSTA),
            ("proposte_bisogno", PAROLE_BISOGNO),
        ):
            schema_editor.execute(
                f"CREATE INDEX {tabella}_parole ON {tabella} USING gin (({parole}))"
                " WITH (fastupdate = off)"
            )


def togli_indici(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for tabella in ("proposte_proposta", "proposte_bisogno"):
            schema_editor.execute(f"DROP INDEX {tabella}_parole")


class Migration(migrations.Migration):
    dependencies = [
        ("proposte", "0002_riesame_confermato"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="proposta", name="proposta_pubblicata"),
        migrations.RemoveIndex(model_name="proposta", name="proposta_sostegni"),
        migrations.RemoveIndex(model_name="proposta", name="proposta_commenti"),
        migrations.AddField(
            model_name="proposta",
            name="sorte",
            field=models.PositiveIntegerField(
                default=proposte.models.proposte.nuova_sorte, editable=False
            ),
        ),
        migrations.RunPython(sorteggia, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="proposta",
            index=models.Index(
                fields=["-pubblicata_at", "-id", "stato", "laboratorio", "canale"],
                name="proposta_recenti",
            ),
        ),
        migrations.AddIndex(
            model_name="proposta",
            index=models.Index(
                fields=["-n_sostegni", "-id", "stato", "laboratorio", "canale"],
                name="proposta_sostenute",
            ),
        ),
        migrations.AddIndex(
            model_name="proposta",
            index=models.Index(
                fields=["-n_commenti", "-id", "stato", "laboratorio", "canale"],
                name="proposta_commentate",
            ),
        ),
        migrations.AddIndex(
            model_name="proposta",
            index=models.Index(
                fields=["sorte", "id", "stato", "laboratorio", "canale"], name="proposta_sorte"
            ),
        ),
        migrations.RunPython(crea_indici, togli_indici),
    ]
