"""The Celery application. Periods stand in settings, a reason beside each."""

import os
from typing import Any

from celery import Celery, signals
from django.db import close_old_connections

from agentiq import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentiq.settings")
# A worker or beat started by hand is production unless its environment says otherwise.
os.environ.setdefault("AGENTIQ_ENV", "production")

app = Celery("agentiq")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.task_prerun.connect
def check_connection(**_: Any) -> None:
    """
    Drop a database connection that is old or has failed, and test it when next used.

    A worker keeps its connection between tasks (CELERY_DB_REUSE_MAX), which saves a
    login for each; without this a restarted PostgreSQL would fail them for ever.
    """
    close_old_connections()


@signals.task_prerun.connect
def name_log_lines(task_id: str, **_: Any) -> None:
    """Give the lines a task logs its id, as a request's lines have theirs."""
    logs.request_id.set(task_id)
