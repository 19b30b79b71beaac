from django.db import migrations

from portale.lib.cercato import Terne


class Migration(migrations.Migration):
    """The indexes of eventi/cerca.py."""

    dependencies = [
        ("eventi", "0006_facilitatori"),
    ]

    operations = [
        Terne("iscrizione_cercata", "eventi_iscrizione", "nome", "email", numeri=["telefono"]),
        Terne("sede_cercata", "eventi_sede", "nome", "indirizzo"),
        Terne("incontro_cercato", "eventi_incontro", "titolo", "descrizione"),
        Terne("resoconto_cercato", "eventi_resoconto", "testo", "bisogni", "idee"),
        Terne("accoglienza_cercata", "eventi_accoglienza", "nome", "email"),
    ]
