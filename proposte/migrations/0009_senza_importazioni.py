from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("proposte", "0008_fogli_in_comune")]

    operations = [migrations.DeleteModel(name="Importazione")]
