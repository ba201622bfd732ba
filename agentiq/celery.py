"""The Celery application. Periods stand in settings, a reason beside each."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentiq.settings")
# A worker or beat started by hand is production unless its environment says otherwise.
os.environ.setdefault("AGENTIQ_ENV", "production")

app = Celery("agentiq")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
