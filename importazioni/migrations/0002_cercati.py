from django.db import migrations

from portale.lib.cercato import Terne


class Migration(migrations.Migration):
    """The indexes of importazioni/cerca.py."""

    dependencies = [
        ("importazioni", "0001_iniziale"),
    ]

    operations = [
        Terne("importazione_cercata", "importazioni_importazione", "nome_file"),
    ]
