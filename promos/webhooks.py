"""
Webhooks out: what happens here is told to the seller's other systems.

``emit`` writes one row per address inside the caller's transaction, so an event is
told if and only if it happened. ``deliver_due`` sends them: at least once, the
events of one chat to one address in their order, tried again for 24 hours. The
receiver drops what it has seen by the event's id. An address is called by one
worker at a time and rests longer each time it does not answer, so one that is gone
takes nobody else's turn.

Each call carries ``AgentIQ-Signature: t=<unix seconds>,v1=<hex>``, where v1 is the
HMAC-SHA256 of ``<t>.<body>`` under the secret shown when the webhook was made.
"""

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from agentiq import callouts, crypto
from promos.models import Seller, Webhook, WebhookDelivery

LASTING = timedelta(hours=24)
LEASE = timedelta(seconds=60)  # longer than a call may take
RESTS = (15, 60, 300, 600)  # seconds after a call without an answer; likewise
PAUSES = (5, 15, 60, 300, 900, 1800, 3600)  # seconds; the last one repeats
TOLERANCE = timedelta(minutes=5)


def register(
    seller: Seller, *, url: str, kinds: Iterable[str] = (), by: AbstractBaseUser | None
) -> tuple[Webhook, str]:
    """Return the webhook and its secret, shown once. Raises callouts.Forbidden."""
    callouts.check(url)
    row = Webhook(seller=seller, url=url, kinds=sorted(set(kinds)))
    secret = seal(row)
    row.save()
    return row, secret


def seal(row: Webhook) -> str:
    """Give an unsaved row a new secret and return it to show once."""
    secret = f"whsec_{secrets.token_urlsafe(32)}"
    row.sealed_secret = crypto.seal(secret)
    return secret


def emit(
    seller: Seller,
    kind: str,
    payload: Mapping[str, Any],
    chat_key: str = "",
    *,
    now: datetime | None = None,
) -> int:
    """
    Tell every address that wants ``kind``; call it in the transaction of the fact.

    ``chat_key`` is WB's id of the chat: its events arrive in their order. Returns
    how many addresses will be told.
    """
    return emit_many(seller, kind, [(payload, chat_key)], now=now)


def emit_many(
    seller: Seller,
    kind: str,
    events: Iterable[tuple[Mapping[str, Any], str]],
    *,
    now: datetime | None = None,
) -> int:
    """Tell several events of one kind, oldest first, with two queries in all."""
    now = now or timezone.now()
    with scope(seller=seller):
        wanting = list(Webhook.objects.wanting(kind))
        if not wanting:
            return 0
        rows = [
            _delivery(webhook, kind, payload, chat_key, event_id, now)
            for payload, chat_key in events
            for event_id in [uuid.uuid4()]
            for webhook in wanting
        ]
        WebhookDelivery.objects.bulk_create(rows)
    return len(rows)


def is_wanted(seller: Seller, kind: str) -> bool:
    """Say whether any address wants ``kind``, before much is gathered for it."""
    with scope(seller=seller):
        return Webhook.objects.wanting(kind).exists()


def _delivery(
    webhook: Webhook,
    kind: str,
    payload: Mapping[str, Any],
    chat_key: str,
    event_id: uuid.UUID,
    now: datetime,
) -> WebhookDelivery:
    plain = json.loads(json.dumps(payload, cls=DjangoJSONEncoder))
    return WebhookDelivery(
        seller_id=webhook.seller_id,
        webhook=webhook,
        event_id=event_id,
        kind=kind,
        chat_key=chat_key,
        payload=plain,
        happened_at=now,
        due_at=now,
        give_up_at=now + LASTING,
    )


def claim(*, now: datetime) -> WebhookDelivery | None:
    """
    Take one due delivery, of the address served longest ago.

    A delivery waits until all earlier ones of its chat to its address are done. Two
    workers never call one address; one that died holds it no longer than LEASE.
    """
    with scopes_disabled(), transaction.atomic():
        free = Q(busy_until=None) | Q(busy_until__lte=now)
        webhook = (
            Webhook.objects.filter(free, is_active=True)
            .filter(Exists(_due(now).filter(webhook=OuterRef("pk"))))
            .order_by(F("busy_until").asc(nulls_first=True), "pk")
            .select_for_update(skip_locked=True, no_key=True)  # emitting goes on
            .first()
        )
        if webhook is None:
            return None
        row = _due(now).filter(webhook=webhook).order_by("due_at", "pk").first()
        if row is None:  # another worker took it a moment ago
            return None
        row.webhook = webhook
        row.claimed_until = webhook.busy_until = now + LEASE
        row.tries += 1
        row.save(update_fields=["claimed_until", "tries"])
        webhook.save(update_fields=["busy_until"])
    return row


def _due(now: datetime) -> "QuerySet[WebhookDelivery]":
    """Return what may go out now: due, not under way, nothing earlier of its chat."""
    waiting = WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING)
    earlier = waiting.filter(
        webhook=OuterRef("webhook"),
        chat_key=OuterRef("chat_key"),
        pk__lt=OuterRef("pk"),
    ).exclude(chat_key="")
    return waiting.filter(
        Q(claimed_until=None) | Q(claimed_until__lte=now),
        ~Exists(earlier),
        due_at__lte=now,
    )


def deliver(row: WebhookDelivery, *, now: datetime) -> bool:
    """Make one call and write down how it went. Returns whether it was taken."""
    body = body_of(row)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "AgentIQ-Webhooks/1",
        "AgentIQ-Event": row.kind,
        "AgentIQ-Event-Id": str(row.event_id),
        "AgentIQ-Signature": signature(row.webhook.secret, body, now=now),
    }
    status, problem = None, ""
    try:
        status, answer = callouts.post(row.webhook.url, body, headers)
        problem = "" if 200 <= status < 300 else answer[:300].replace("\0", "")
    except (callouts.Forbidden, callouts.Unreachable) as error:
        problem = str(error)[:300]
    taken = status is not None and 200 <= status < 300
    _settle(row, taken=taken, status=status, problem=problem, now=now)
    _release(row.webhook, is_silent=status is None, now=now)
    return taken


def _release(webhook: Webhook, *, is_silent: bool, now: datetime) -> None:
    """Let the address be called again: at once, or after a rest if it was silent."""
    webhook.silent_calls = webhook.silent_calls + 1 if is_silent else 0
    rest = RESTS[min(webhook.silent_calls, len(RESTS)) - 1] if is_silent else 0
    webhook.busy_until = now + timedelta(seconds=rest)
    with scope(seller=webhook.seller_id):
        webhook.save(update_fields=["busy_until", "silent_calls"])


def _settle(
    row: WebhookDelivery,
    *,
    taken: bool,
    status: int | None,
    problem: str,
    now: datetime,
) -> None:
    """Close the delivery, or say when it is tried again."""
    row.claimed_until, row.http_status, row.problem = None, status, problem
    pause = timedelta(seconds=PAUSES[min(row.tries, len(PAUSES)) - 1])
    if taken:
        row.state, row.delivered_at = WebhookDelivery.State.DELIVERED, now
    elif now + pause >= row.give_up_at:
        row.state = WebhookDelivery.State.GIVEN_UP
    else:
        row.due_at = now + pause
    with scope(seller=row.seller_id):
        row.save(
            update_fields=[
                "state",
                "delivered_at",
                "due_at",
                "claimed_until",
                "http_status",
                "problem",
            ]
        )


def replay(row: WebhookDelivery, *, now: datetime) -> None:
    """Send the same event again, under the same id, for another 24 hours."""
    WebhookDelivery.objects.filter(pk=row.pk).update(
        state=WebhookDelivery.State.WAITING,
        due_at=now,
        give_up_at=now + LASTING,
        claimed_until=None,
        tries=0,
    )


def body_of(row: WebhookDelivery) -> bytes:
    """Return the body of a call: the same bytes at every try."""
    document = {
        "id": str(row.event_id),
        "type": row.kind,
        "created_at": row.happened_at.isoformat(),
        "chat_id": row.chat_key or None,
        "data": row.payload,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: str, body: bytes, *, now: datetime) -> str:
    """Return the header that proves who called and when."""
    stamp = int(now.timestamp())
    return f"t={stamp},v1={_mac(secret, stamp, body)}"


def verify(secret: str, header: str, body: bytes, *, now: datetime) -> bool:
    """Say whether a call is ours and not older than TOLERANCE; for receivers."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    stamp = parts.get("t", "")
    if not stamp.isdigit():
        return False
    fresh = abs(now.timestamp() - int(stamp)) <= TOLERANCE.total_seconds()
    return fresh and hmac.compare_digest(
        parts.get("v1", ""), _mac(secret, int(stamp), body)
    )


def _mac(secret: str, stamp: int, body: bytes) -> str:
    signed = b"%d." % stamp + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
