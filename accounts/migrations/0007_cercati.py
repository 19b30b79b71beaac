from django.db import migrations

from portale.lib.cercato import Terne


class Migration(migrations.Migration):
    """The indexes of accounts/cerca.py."""

    dependencies = [
        ("accounts", "0006_identita_verificate"),
    ]

    operations = [
        Terne("user_cercato", "accounts_user", "email", "nome"),
    ]
