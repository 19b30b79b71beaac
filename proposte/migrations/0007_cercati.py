from django.db import migrations

from portale.lib.cercato import Terne


class Migration(migrations.Migration):
    """The indexes of proposte/cerca.py."""

    dependencies = [
        ("proposte", "0006_ricerca_a_lotti"),
    ]

    operations = [
        Terne("commento_cercato", "proposte_commento", "testo", "nome_mostrato"),
        Terne("nota_cercata", "proposte_nota", "testo"),
        Terne("verbalizzante_cercato", "proposte_verbalizzante", "nome", "email"),
    ]
