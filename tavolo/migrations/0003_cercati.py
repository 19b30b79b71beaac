from django.db import migrations

from portale.lib.cercato import Terne


class Migration(migrations.Migration):
    """The indexes of tavolo/cerca.py."""

    dependencies = [
        ("tavolo", "0002_convocazione_programmata"),
    ]

    operations = [
        Terne(
            "organizzazione_cercata",
            "tavolo_organizzazione",
            "nome",
            "attivita",
            "contatto",
            "email",
            numeri=["telefono"],
        ),
        Terne("componente_cercato", "tavolo_componente", "nome", "email"),
        Terne(
            "adesione_cercata",
            "tavolo_richiestaadesione",
            "nome",
            "attivita",
            "contatto",
            "email",
            numeri=["telefono"],
        ),
        Terne("punto_cercato", "tavolo_puntoordinedelgiorno", "titolo"),
        Terne("voce_cercata", "tavolo_voceverbale", "testo"),
        Terne("verbale_cercato", "tavolo_verbale", "premessa", "chiusura"),
        Terne("decisione_cercata", "tavolo_decisione", "motivazione"),
        Terne("documento_cercato", "tavolo_documentotavolo", "titolo"),
        Terne("parere_cercato", "tavolo_parerecomitato", "titolo", "testo"),
    ]
