"""
One alert per cause, whoever looks how often and whatever was down meanwhile.

A check finds what is wrong now and hands it to ``keep``: causes not known yet are
raised, known ones refreshed, and alerts whose cause is gone close by themselves.
A cause is named by kind and key; the database holds one standing alert for it. A
cause with ``once`` is never raised again after it closed: «code X, seven days
left» is said once in the life of the code.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from promos import notices
from promos.models import Alert, Seller

Kind = Alert.Kind
Level = Alert.Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """
    What is wrong: ``params`` are the machine values its words are made of.

    ``count`` in the params says how many things are affected; when it grows, an
    acknowledged alert opens again.
    """

    kind: str
    key: str = ""
    level: str = Level.WARNING
    params: dict[str, Any] = field(default_factory=dict)
    link: str = ""
    once: bool = False


def keep(
    seller: Seller, kinds: Collection[str], causes: Iterable[Cause], *, now: datetime
) -> list[Alert]:
    """
    Make the seller's alerts of these kinds agree with the causes; return the new.

    Every cause's kind is one of ``kinds``: alerts of those kinds with no cause
    among the given are closed.
    """
    there = list(causes)
    raised = [alert for cause in there if (alert := raise_once(seller, cause, now=now))]
    keys = {(cause.kind, cause.key) for cause in there}
    standing = Alert.objects.standing().filter(seller=seller, kind__in=kinds)
    for alert in standing:
        if (alert.kind, alert.cause_key) not in keys:
            _close(alert, now)
    return raised


def raise_once(seller: Seller, cause: Cause, *, now: datetime) -> Alert | None:
    """Raise an alert and tell people, or refresh it; None when it is not new."""
    same = Alert.objects.filter(
        seller=seller, kind=cause.kind, cause_key=cause.key
    ).order_by("-pk")
    if standing := same.standing().first():
        _refresh(standing, cause, now)
        return None
    if cause.once and same.exists():
        return None
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                seller=seller,
                kind=cause.kind,
                cause_key=cause.key,
                level=cause.level,
                params=cause.params,
                link=cause.link,
                raised_at=now,
                last_seen_at=now,
            )
            notices.plan(alert, now=now)
    except IntegrityError:  # another worker raised it a moment ago
        return None
    return alert


def resolve(seller: Seller, kind: str, key: str = "", *, now: datetime) -> bool:
    """Close the alert of a cause that is gone; False when none stood."""
    standing = Alert.objects.standing().filter(seller=seller, kind=kind, cause_key=key)
    alerts = list(standing)
    for alert in alerts:
        _close(alert, now)
    return bool(alerts)


def acknowledge(alert: Alert, *, by: Any, now: datetime) -> bool:
    """Note that a person took care; the alert stays until its cause is gone."""
    return _move(
        alert,
        state=Alert.State.ACKNOWLEDGED,
        acknowledged_by=by,
        acknowledged_at=now,
        snoozed_until=None,
    )


def snooze(alert: Alert, *, until: datetime) -> bool:
    """Put the alert off; if its cause is still there then, it shows again."""
    return _move(alert, state=Alert.State.SNOOZED, snoozed_until=until)


def assign(alert: Alert, *, to: Any) -> bool:
    """Put a person in charge, or nobody with None."""
    return _move(alert, assigned_to=to)


def close(alert: Alert, *, now: datetime) -> bool:
    """
    Close the alert because a person says so.

    If its cause is still there the next check raises a new one, unless the cause is
    one that is said once.
    """
    return _close(alert, now)


def reopen(alert: Alert) -> bool:
    """
    Let the alert press again, whoever took care, put it off or closed it.

    False when a newer one of the same cause stands. One whose cause is gone closes
    at the next check.
    """
    fields = {
        "state": Alert.State.OPEN,
        "acknowledged_by": None,
        "acknowledged_at": None,
        "snoozed_until": None,
        "closed_at": None,
    }
    try:
        with transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(**fields)
    except IntegrityError:
        return False
    for name, value in fields.items():
        setattr(alert, name, value)
    return True


def close_read(seller: Seller, kind: str, *, now: datetime, after: timedelta) -> None:
    """Close alerts that tell of an event, once acknowledged or old enough."""
    for alert in Alert.objects.standing().filter(seller=seller, kind=kind):
        read = alert.state == Alert.State.ACKNOWLEDGED
        if read or alert.raised_at <= now - after:
            _close(alert, now)


def _refresh(alert: Alert, cause: Cause, now: datetime) -> None:
    """Bring a standing alert up to date; wake it when it is worse or its time came."""
    grew = cause.params.get("count", 0) > alert.params.get("count", 0)
    if alert.state == Alert.State.ACKNOWLEDGED and grew:
        alert.state = Alert.State.OPEN
    if alert.state == Alert.State.SNOOZED and alert.snoozed_until <= now:
        alert.state, alert.snoozed_until = Alert.State.OPEN, None
    alert.params, alert.level = cause.params, cause.level
    alert.link, alert.last_seen_at = cause.link, now
    Alert.objects.standing().filter(pk=alert.pk).update(
        state=alert.state,
        snoozed_until=alert.snoozed_until,
        params=alert.params,
        level=alert.level,
        link=alert.link,
        last_seen_at=now,
    )


def _close(alert: Alert, now: datetime) -> bool:
    closed = _move(alert, state=Alert.State.CLOSED, closed_at=now)
    if closed:
        notices.drop(alert, now=now)
    return closed


def _move(alert: Alert, **fields: Any) -> bool:
    """Change a standing alert; False when it has closed meanwhile."""
    moved = Alert.objects.standing().filter(pk=alert.pk).update(**fields)
    if moved:
        for name, value in fields.items():
            setattr(alert, name, value)
    return bool(moved)
