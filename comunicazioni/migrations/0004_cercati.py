from django.db import migrations

from portale.lib.cercato import Terne


class Migration(migrations.Migration):
    """The indexes of comunicazioni/cerca.py."""

    dependencies = [
        ("comunicazioni", "0003_notizie"),
    ]

    operations = [
        Terne("comunicazione_cercata", "comunicazioni_comunicazione", "oggetto", "testo"),
    ]
