"""The Celery application: it only says "look now"; what is due lives in the database."""

import os

from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun

from portale.lib.connessioni import rinnova_connessioni

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portale.settings")

app = Celery("portale")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Celery does this for its workers only; our scheduler runs tasks too.
task_prerun.connect(rinnova_connessioni)
task_postrun.connect(rinnova_connessioni)


@setup_logging.connect
def scrivi_come_il_resto(**kwargs):
    """Celery would print by a format of its own; with this it leaves the log as settings say."""
