"""The Celery application: it only says "look now"; what is due lives in the database."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portale.settings")

app = Celery("portale")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
