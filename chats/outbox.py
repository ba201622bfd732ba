"""
claim(), deliver(): one Attempt for each try, and no reply sent twice.

The row is the queue. A call that ended without an answer becomes UNKNOWN and is
settled from the event feed, see ``settling``. Locks are taken in one order: the
reply, then its chat.
"""

import contextlib
import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Exists, Min, OuterRef, Q

from agentiq.wb.client import WbClient
from agentiq.wb.errors import (
    WbDisabled,
    WbError,
    WbForbidden,
    WbPaymentRequired,
    WbThrottled,
    WbUnavailable,
    WbUnknown,
)
from agentiq.wb.records import Attachment, Receipt
from chats import gate, reasons, states, waiting
from chats.models import (
    Attempt,
    AutoSend,
    Chat,
    Decision,
    Message,
    Outgoing,
)
from promos import tokens
from promos.models import Seller

logger = logging.getLogger(__name__)

Status = Outgoing.Status
Outcome = Attempt.Outcome
SIGN_WAIT = timedelta(seconds=15)
_LOCK = 0x5742_53 << 36  # beside other users of advisory locks
SHORT_WAIT = 5.0
"""A throttle of so many seconds is everyday life and not worth a line."""


def claim(*, now: datetime, seller: Seller | int | None = None) -> Outgoing | None:
    """
    Take one due reply for sending, of one seller or of any.

    Two workers never take the same one. A chat has one reply under way, and a later
    one waits for the earlier. Sellers whose gate is closed are passed over.
    """
    rows = _due(now).filter(seller=seller) if seller else _due(now)
    try:
        with transaction.atomic():
            free = rows.filter(~Exists(_before())).select_for_update(
                skip_locked=True, of=("self",)
            )
            outgoing = free.select_related("chat", "seller", "promo_code").first()
            if outgoing:
                outgoing.sending_since = now
                outgoing.save(update_fields=["sending_since"])
                states.change(outgoing, Status.SENDING, "sending", now=now)
    except IntegrityError:  # another worker took the chat's place this instant
        return None
    return outgoing


def sellers_due(*, now: datetime) -> list[int]:
    """Return the ids of sellers with replies to send now."""
    return list(openings(now=now, within=timedelta()))


def openings(*, now: datetime, within: timedelta) -> dict[int, datetime]:
    """
    Return when each seller may send next, if that is at most so far away.

    A reply's time has come by then, and the seller's gate is open.
    """
    ends = now + within
    rows = Outgoing.objects.due(ends).filter(seller__is_active=True).order_by()
    first = rows.values_list("seller_id", "seller__send_gate__closed_until").annotate(
        at=Min("due_at")
    )
    moments = {pk: max(at, gate or at, now) for pk, gate, at in first}
    return {pk: at for pk, at in moments.items() if at <= ends}


@contextlib.contextmanager
def alone(seller_id: int) -> Iterator[bool]:
    """
    Hold the right to send for a seller in this database session, or yield False.

    More than one would only wait for WB's limit. A worker that dies drops it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK + seller_id])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with (
                contextlib.suppress(OperationalError),  # then the lock is gone too
                connection.cursor() as cursor,
            ):
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK + seller_id])


def deliver(outgoing: Outgoing, *, client: WbClient, now: datetime) -> Outgoing:
    """
    Hand a claimed reply to WB, once, and write down what became of it.

    No transaction is open during the call.
    Source: POST /api/v1/seller/message, 10 requests per 10 s per seller.
    """
    began = time.monotonic()
    if _may_not_leave(outgoing, now):
        return outgoing
    files = [
        Attachment(row.name, bytes(row.content), row.content_type)
        for row in outgoing.files.all()
    ]
    attempt = Attempt.objects.create(
        seller_id=outgoing.seller_id,
        outgoing=outgoing,
        started_at=now,
        message_then=_newest(outgoing.chat_id),
    )
    # A worker held up for so long may find its reply settled and sent by another.
    late = time.monotonic() - began > settings.WB_SENDING_SECONDS / 3
    result = _too_late() if late else _call(outgoing, files, client)
    ended = now + timedelta(seconds=time.monotonic() - began)
    with transaction.atomic():
        locked = states.locked(outgoing.pk)
        if isinstance(result, Receipt):
            _accepted(locked, attempt, result, outgoing.chat.reply_sign, ended)
        else:
            _failed(locked, attempt, result, ended)
            _note_refusal(client, result, ended)
    return locked


def not_connected(outgoing: Outgoing, reason: str, *, now: datetime) -> None:
    """Put a claimed reply back; the seller has no token for it (NotConnected)."""
    words = {"sealed": "token_invalid", "no_category": "token_category"}
    word = words.get(reason, "no_token")
    with transaction.atomic():
        locked = states.locked(outgoing.pk)
        if locked.status == Status.SENDING:
            states.change(locked, Status.QUEUED, word, now=now)
        gate.close(locked.seller_id, word, now=now)


# Claiming


def _due(now: datetime) -> Any:
    rows = Outgoing.objects.due(now).filter(seller__is_active=True)
    return rows.exclude(seller__in=gate.closed(now))


def _before() -> Any:
    """Replies of the same chat that go first, or are under way."""
    same = Outgoing.objects.filter(chat=OuterRef("chat"))
    return same.filter(
        Q(status__in=(Status.SENDING, Status.UNKNOWN))
        | Q(status=Status.QUEUED, pk__lt=OuterRef("pk"))
    )


def _may_not_leave(outgoing: Outgoing, now: datetime) -> bool:
    """Put away a claimed reply that must not be sent after all."""
    code = outgoing.promo_code
    with transaction.atomic():
        locked = states.locked(outgoing.pk)
        if locked.status != Status.SENDING:
            return True
        if locked.seller.dry_run:
            states.change(locked, Status.DRY, "dry_run", now=now)
        elif _is_stopped(locked):
            states.change(locked, Status.CANCELLED, "auto_off", now=now)
            waiting.again(
                Chat.objects.select_for_update().get(pk=locked.chat_id), now=now
            )
        elif code and code.expires_at <= now:
            states.failed(locked, "code_ended", now=now)
        elif not locked.chat.reply_sign:
            states.requeue(locked, "no_sign", now=now, wait=SIGN_WAIT)
        else:
            return False
    outgoing.refresh_from_db()
    return True


def _is_stopped(outgoing: Outgoing) -> bool:
    """Return whether it is an automatic reply of a shop that has switched them off."""
    decision = outgoing.decision
    if decision is None or decision.kind != Decision.Kind.AUTO:
        return False
    return not AutoSend.objects.filter(seller=outgoing.seller_id, is_on=True).exists()


# The call and its ends


def _call(
    outgoing: Outgoing, files: list[Attachment], client: WbClient
) -> Receipt | WbError:
    try:
        return client.send_message(
            reply_sign=outgoing.chat.reply_sign,
            text=outgoing.text,
            files=files,
            chat_id=outgoing.chat.wb_chat_id,
        )
    except WbError as error:
        return error


def _newest(chat_id: int) -> int:
    rows = Message.objects.filter(chat=chat_id).order_by("-pk")
    return rows.values_list("pk", flat=True).first() or 0


def _too_late() -> WbUnavailable:
    return WbUnavailable("the worker was held up before the call", code="too_slow")


def _accepted(
    outgoing: Outgoing, attempt: Attempt, receipt: Receipt, sign: str, now: datetime
) -> None:
    attempt.http_status, attempt.wb_added_at = 200, receipt.added_at
    attempt.detail = "; ".join(receipt.errors)[: states.DETAIL]
    states.close(attempt, Outcome.ACCEPTED, now, None)
    if outgoing.status != Status.SENT:
        states.sent(outgoing, "accepted", at=now, now=now, detail=attempt.detail)
    _keep_sign(outgoing.chat, sign, receipt.sign)
    gate.passed(outgoing.seller_id, now=now)


def _keep_sign(chat: Chat, used: str, given: str) -> None:
    """Keep the signature WB answers with; the one that worked stays as the other."""
    if given and given != used and len(given) <= 255:
        Chat.objects.filter(pk=chat.pk, reply_sign=used).update(
            reply_sign=given, previous_sign=used
        )


def _failed(
    outgoing: Outgoing, attempt: Attempt, error: WbError, now: datetime
) -> None:
    """Write down a call that brought no receipt."""
    if isinstance(error, WbThrottled) and error.local:
        _never_left(outgoing, attempt, error, now)
        return
    states.close(attempt, _outcome(error), now, error)
    if outgoing.status == Status.SENDING:  # else the feed was quicker
        _go_on(outgoing, error, now)


def _outcome(error: WbError) -> str:
    if isinstance(error, WbUnknown):
        return Outcome.UNKNOWN
    if isinstance(error, WbThrottled):
        return Outcome.THROTTLED
    if isinstance(error, WbUnavailable):
        return Outcome.NOT_SENT
    return Outcome.REJECTED


def _go_on(outgoing: Outgoing, error: WbError, now: datetime) -> None:
    """Decide what follows a failure, by its name. The order of the tests matters."""
    detail = error.message
    seller_id = outgoing.seller_id
    if isinstance(error, WbUnknown):
        states.change(outgoing, Status.UNKNOWN, "no_answer", now=now, detail=detail)
        if error.status is None or error.status >= 500:
            gate.failed(seller_id, reached=True, now=now)
    elif isinstance(error, WbThrottled):
        wait = timedelta(seconds=error.retry_after)
        states.requeue(outgoing, "throttled", now=now, detail=detail)
        gate.close(seller_id, "throttled", now=now, wait=wait, detail=detail)
    elif isinstance(error, WbForbidden):
        _token_refused(outgoing, error, now)
    elif isinstance(error, WbPaymentRequired):
        states.requeue(outgoing, "unpaid", now=now, detail=detail)
        gate.close(seller_id, "unpaid", now=now, wait=gate.UNPAID_WAIT, detail=detail)
    elif isinstance(error, WbDisabled):
        states.requeue(outgoing, "disabled", now=now, detail=detail)
        gate.close(seller_id, "disabled", now=now, wait=gate.DISABLED_WAIT)
    elif isinstance(error, WbUnavailable):
        word = error.code if error.code == "too_slow" else "unavailable"
        states.requeue(outgoing, word, now=now, detail=detail)
        if word == "unavailable":
            gate.failed(seller_id, reached=False, now=now)
    elif _try_other_sign(outgoing, error, now):
        pass
    else:
        states.failed(outgoing, "rejected", now=now, detail=detail)
        gate.passed(seller_id, now=now)


def _never_left(
    outgoing: Outgoing, attempt: Attempt, error: WbThrottled, now: datetime
) -> None:
    """Our own limiter said «not now»: put everything back as if nothing had been."""
    attempt.delete()
    if outgoing.status != Status.SENDING:
        return
    wait = timedelta(seconds=error.retry_after)
    gate.close(outgoing.seller_id, "throttled", now=now, wait=wait)
    if error.retry_after > SHORT_WAIT:
        states.change(outgoing, Status.QUEUED, "throttled", now=now)
        return
    outgoing.changes.filter(status=Status.SENDING, at=outgoing.sending_since).delete()
    before = outgoing.changes.last()
    outgoing.status, outgoing.sending_since = Status.QUEUED, None
    outgoing.reason = before.reason if before else "queued"
    outgoing.save(update_fields=["status", "sending_since", "reason"])


def _token_refused(outgoing: Outgoing, error: WbForbidden, now: datetime) -> None:
    """The reply waits for another token."""
    word = reasons.FORBIDDEN[error.cause.value]
    states.requeue(outgoing, word, now=now, detail=error.message)
    gate.close(outgoing.seller_id, word, now=now, detail=error.message)


def _note_refusal(client: WbClient, error: WbError, now: datetime) -> None:
    row = getattr(client, "row", None)
    if isinstance(error, WbForbidden) and row is not None:
        tokens.refuse(row, error, now=now)


def _try_other_sign(outgoing: Outgoing, error: WbError, now: datetime) -> bool:
    """A refused signature may have been replaced by the one kept beside it: once."""
    chat = outgoing.chat
    if "signature" not in error.message.lower() or not chat.previous_sign:
        return False
    if outgoing.changes.filter(reason="sign_renewed").exists():
        return False
    Chat.objects.filter(pk=chat.pk).update(
        reply_sign=chat.previous_sign, previous_sign=chat.reply_sign
    )
    states.requeue(outgoing, "sign_renewed", now=now, detail=error.message)
    return True
