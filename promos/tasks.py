"""Tasks of the promo side. The rows are the queues; a task is a nudge."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone
from django_scopes import scopes_disabled

from promos import webhooks
from promos.models import IdempotencyRecord

WORKING = timedelta(seconds=45)  # below the soft time limit of a task
KEPT = timedelta(hours=24)


@shared_task(ignore_result=True)
def deliver_webhooks() -> None:
    """Tell other systems what they wait for. Safe at any moment, any number of times."""
    until = timezone.now() + WORKING
    while timezone.now() < until and (row := webhooks.claim(now=timezone.now())):
        webhooks.deliver(row, now=timezone.now())


@shared_task(ignore_result=True)
def forget_answers() -> None:
    """Drop the answers whose 24 hours are over."""
    with scopes_disabled():
        old = IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEPT)
        old.delete()
