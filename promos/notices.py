"""
Who hears of an alert, when and how: deliveries are rows, so each goes out once.

``plan`` writes them in the transaction that raised the alert. People are disturbed
outside their quiet hours only (21 to 9 in Moscow unless set), or once a day by a
digest. ``claim`` takes what is due, ``deliver`` hands it to the channel and keeps
the outcome. A failure before the message left is tried again; a message that may
have arrived is not.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction

from promos import alert_words, channels, webhooks
from promos.models import (
    Alert,
    AlertDelivery,
    Channel,
    Membership,
    NotificationRule,
    NotificationSettings,
    Webhook,
)
from promos.rules.days import MOSCOW

Mode = NotificationRule.Mode
Status = AlertDelivery.Status

RETRIES = (60, 300, 900, 3600)  # seconds before the next try
STUCK = timedelta(minutes=10)

# What concerns the people who answer buyers; the rest is for those who decide.
FOR_OPERATORS = frozenset(
    {
        Alert.Kind.NO_CODE,
        Alert.Kind.TOKEN_REFUSED,
        Alert.Kind.POLL_BEHIND,
        Alert.Kind.SEND_TROUBLE,
        Alert.Kind.UNKNOWN_DELIVERY,
        Alert.Kind.CHAT_DEADLINE,
    }
)
LEADING = (Membership.Role.OWNER, Membership.Role.MANAGER)
_BY_LEVEL = {
    Channel.APP: {},
    Channel.EMAIL: {Alert.Level.WARNING: Mode.DIGEST, Alert.Level.INFO: Mode.OFF},
    Channel.TELEGRAM: {Alert.Level.INFO: Mode.DIGEST},
}


def plan(alert: Alert, *, now: datetime) -> list[AlertDelivery]:
    """Write the deliveries of a new alert, each with the moment it may go out."""
    members = Membership.objects.filter(seller=alert.seller, is_active=True)
    members = members.filter(user__is_active=True).select_related(
        "user", "notification_settings", "telegram_link"
    )
    rules = {
        (rule.membership_id, rule.channel): rule.mode
        for rule in NotificationRule.objects.filter(
            seller=alert.seller, kind=alert.kind
        )
    }
    planned = [
        delivery
        for member in members
        for channel in (Channel.APP, Channel.EMAIL, Channel.TELEGRAM)
        if (delivery := _for_person(alert, member, channel, rules, now))
    ]
    webhooks.emit(alert.seller, Webhook.Kind.ALERT_RAISED, payload(alert), now=now)
    return AlertDelivery.objects.bulk_create(planned)


def payload(alert: Alert) -> dict[str, Any]:
    """Return what other systems are told: words for people, the rest for code."""
    return {
        "alert_id": alert.pk,
        "kind": alert.kind,
        "level": alert.level,
        "cause": alert.cause_key,
        "title": alert_words.title(alert),
        "text": alert_words.body(alert),
        "link": alert_words.absolute(alert.link),
        "params": alert.params,
        "raised_at": alert.raised_at,
    }


def default_mode(member: Membership, channel: str, kind: str, level: str) -> str:
    """Return what applies to a person who made no rule for this kind and channel."""
    if member.role not in LEADING and (
        channel != Channel.APP or kind not in FOR_OPERATORS
    ):
        return Mode.OFF
    return _BY_LEVEL[Channel(channel)].get(Alert.Level(level), Mode.NOW)


def is_reachable(member: Membership, channel: str) -> bool:
    """Say whether the channel has an address for the person."""
    if channel == Channel.EMAIL:
        return bool(member.user.email)
    if channel == Channel.TELEGRAM:
        link = getattr(member, "telegram_link", None)
        return link is not None and link.chat_id is not None
    return True


def loud_from(settings: NotificationSettings, now: datetime) -> datetime:
    """Return the first moment from ``now`` on outside the quiet hours."""
    start, end = settings.quiet_from, settings.quiet_until
    local = now.astimezone(MOSCOW)
    clock = local.time()
    if start == end:
        return now
    if start < end:
        quiet = start <= clock < end
    else:
        quiet = clock >= start or clock < end
    return _next(local, end) if quiet else now


def drop(alert: Alert, *, now: datetime) -> None:
    """Take back what has not gone out: the cause is gone, nobody need be woken."""
    AlertDelivery.objects.filter(alert=alert, status=Status.QUEUED).update(
        status=Status.DROPPED, tried_at=now
    )


def claim(*, now: datetime) -> list[AlertDelivery]:
    """
    Take what goes out next: one delivery, or all of one person's digest.

    Two workers never take the same one. Empty when nothing is due.
    """
    with transaction.atomic():
        due = AlertDelivery.objects.due(now).select_for_update(skip_locked=True)
        first = due.first()
        if first is None:
            return []
        taken = [first]
        if first.in_digest:
            same = due.filter(
                in_digest=True, membership=first.membership, channel=first.channel
            )
            taken = list(same)
        AlertDelivery.objects.filter(pk__in=[row.pk for row in taken]).update(
            status=Status.SENDING, tried_at=now
        )
    return list(
        AlertDelivery.objects.filter(pk__in=[row.pk for row in taken])
        .select_related("alert", "seller", "membership__user", "membership__seller")
        .order_by("pk")
    )


def deliver(taken: Sequence[AlertDelivery], *, now: datetime) -> str:
    """Hand one claimed batch to its channel and keep the outcome; return it."""
    attempts = taken[0].attempts + 1
    try:
        channels.send(taken)
    except channels.NotDelivered as error:
        final = error.is_final or attempts > len(RETRIES)
        status = Status.FAILED if final else Status.QUEUED
        wait = 0 if final else error.wait_seconds or RETRIES[attempts - 1]
        _note(taken, status, attempts, now + timedelta(seconds=wait), str(error))
        return status
    except channels.MaybeDelivered as error:
        _note(taken, Status.UNKNOWN, attempts, now, str(error))
        return Status.UNKNOWN
    AlertDelivery.objects.filter(pk__in=[row.pk for row in taken]).update(
        status=Status.SENT, attempts=attempts, sent_at=now, problem=""
    )
    return Status.SENT


def sweep(*, now: datetime) -> int:
    """Settle deliveries a killed worker left: they may have gone out, so no repeat."""
    stuck = AlertDelivery.objects.filter(
        status=Status.SENDING, tried_at__lt=now - STUCK
    )
    return stuck.update(status=Status.UNKNOWN, problem="worker stopped")


def _for_person(
    alert: Alert,
    member: Membership,
    channel: str,
    rules: dict[tuple[int, str], str],
    now: datetime,
) -> AlertDelivery | None:
    mode = rules.get((member.pk, channel)) or default_mode(
        member, channel, alert.kind, alert.level
    )
    if mode == Mode.OFF or not is_reachable(member, channel):
        return None
    delivery = AlertDelivery(
        seller=alert.seller, alert=alert, channel=channel, membership=member
    )
    if channel == Channel.APP:  # shown on the next page, disturbs nobody
        delivery.due_at = delivery.sent_at = now
        delivery.status = Status.SENT
        return delivery
    settings = _settings(member)
    delivery.in_digest = mode == Mode.DIGEST
    if delivery.in_digest:
        delivery.due_at = _next(now.astimezone(MOSCOW), settings.digest_at)
    else:
        delivery.due_at = loud_from(settings, now)
    return delivery


def _settings(member: Membership) -> NotificationSettings:
    """Return the person's settings, or the defaults."""
    own = getattr(member, "notification_settings", None)
    return own or NotificationSettings(membership=member)


def _next(local: datetime, clock: time) -> datetime:
    """Return the next time a Moscow clock shows this, after ``local``."""
    today = local.replace(
        hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0
    )
    return today if today > local else today + timedelta(days=1)


def _note(
    taken: Sequence[AlertDelivery],
    status: str,
    attempts: int,
    due_at: datetime,
    problem: str,
) -> None:
    AlertDelivery.objects.filter(pk__in=[row.pk for row in taken]).update(
        status=status, attempts=attempts, due_at=due_at, problem=problem[:300]
    )
