from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("proposte", "0009_senza_importazioni")]

    operations = [
        migrations.AddIndex(
            model_name="proposta",
            index=models.Index(fields=["indice_titolo", "stato"], name="proposta_titoli"),
        ),
    ]
