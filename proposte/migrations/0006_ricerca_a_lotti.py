from collections import defaultdict

from django.db import migrations, models

# As proposte.ricerca writes it: each word begins with the lot of 4,096 numbers that the proposal
# is in, so that the newest hits are found without reading the others; the themes are words too.
PAROLE = (
    "string_to_array((id / 4096)::text || ':' || replace(indice"
    " || ' ~' || replace(indice_titolo, ' ', ' ~')"
    " || ' @' || coalesce(laboratorio_id, 0)::text || ' ' || stato || '/ ' || canale"
    " || '/ ^' || replace(indice_temi, ' ', ' ^'),"
    " ' ', ' ' || (id / 4096)::text || ':'), ' ')"
)
# That of migration 0003.
PRIMA = (
    "string_to_array(indice || ' ' || regexp_replace(indice_titolo, '(^| )', '\\1~', 'g')"
    " || ' #' || (id / 4096)::text || ' ##' || (id / 32768)::text || ' @' || coalesce(laboratorio_id, 0)::text"
    " || ' ' || stato || '/ ' || canale || '/', ' ')"
)
PARTE = 1000


def togli_indice(apps, schema_editor):
    """First of all: the rows are about to change."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX proposte_proposta_parole")


def annota_temi(apps, schema_editor):
    alias = schema_editor.connection.alias
    proposta = apps.get_model("proposte", "Proposta")
    legami = proposta.temi.through.objects.using(alias).order_by("proposta", "tema")
    temi = defaultdict(list)
    for riga, tema in legami.values_list("proposta", "tema").iterator():
        temi[riga].append(str(tema))
    # Few themes make few sets of them.
    insiemi = defaultdict(list)
    for riga, suoi in temi.items():
        insiemi[" ".join(suoi)].append(riga)
    for insieme, righe in insiemi.items():
        for inizio in range(0, len(righe), PARTE):
            proposta.objects.using(alias).filter(pk__in=righe[inizio : inizio + PARTE]).update(
                indice_temi=insieme
            )


def _crea(parole):
    def crea(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"CREATE INDEX proposte_proposta_parole ON proposte_proposta USING gin (({parole}))"
                " WITH (fastupdate = off)"
            )

    return crea


class Migration(migrations.Migration):
    dependencies = [
        ("proposte", "0005_importazioni"),
    ]

    operations = [
        migrations.RunPython(togli_indice, _crea(PRIMA)),
        migrations.AddField(
            model_name="proposta",
            name="indice_temi",
            field=models.TextField(blank=True, default="", editable=False),
            preserve_default=False,
        ),
        migrations.RunPython(annota_temi, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="proposta",
            index=models.Index(
                fields=["stato", "laboratorio", "canale", "indice_temi"], name="proposta_gruppi"
            ),
        ),
        migrations.RunPython(_crea(PAROLE), togli_indice),
    ]
