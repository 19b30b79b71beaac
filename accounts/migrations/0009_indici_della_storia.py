from django.db import migrations


class Migration(migrations.Migration):
    """Django's log of the admin has indexes by author and by kind of object alone. The history of
    one object, and the nightly purge by date, would read all of the lines of its kind, or all."""

    dependencies = [
        ("accounts", "0008_sessioni"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX admin_log_oggetto ON django_admin_log (content_type_id, object_id)",
            "DROP INDEX admin_log_oggetto",
        ),
        migrations.RunSQL(
            "CREATE INDEX admin_log_quando ON django_admin_log (action_time)",
            "DROP INDEX admin_log_quando",
        ),
    ]
