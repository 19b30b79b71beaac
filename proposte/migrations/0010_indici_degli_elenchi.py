from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("proposte", "0009_senza_importazioni")]

    operations = [
        migrations.AddIndex(
            model_name="avanzamento",
            index=models.Index(fields=["-giorno", "-id"], name="avanzamento_recente"),
        ),
        migrations.AddIndex(
            model_name="proposta",
            index=models.Index(fields=["indice_titolo", "stato"], name="proposta_titoli"),
        ),
        migrations.AddIndex(
            model_name="risposta",
            index=models.Index(fields=["-pubblicata_at", "-id"], name="risposta_recente"),
        ),
        migrations.AddIndex(
            model_name="verificatecnica",
            index=models.Index(
                condition=models.Q(("conclusa_at", None)),
                fields=["scadenza", "id"],
                name="verifica_da_concludere",
            ),
        ),
    ]
