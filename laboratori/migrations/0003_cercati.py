from django.db import migrations

from portale.lib.cercato import Terne


class Migration(migrations.Migration):
    """The indexes of laboratori/cerca.py."""

    dependencies = [
        ("laboratori", "0002_attori"),
    ]

    operations = [
        Terne(
            "disponibilita_cercata",
            "laboratori_disponibilita",
            "nome",
            "email",
            "messaggio",
            numeri=["telefono"],
        ),
        Terne(
            "attore_cercato",
            "laboratori_attore",
            "nome",
            "attivita",
            "luogo",
            "contatto",
            "email",
            numeri=["telefono"],
        ),
    ]
