"""
consider(): an answer without a person, where people have shown that it is right.

Off by default. A shop allows it intent by intent; never for defects, wrong items,
complaints and returns. At least 100 suggestions of the intent must have been decided
by people in the last 90 days, 95 % of them accepted unchanged. What goes out is
labelled, capped, never at night, and can be taken back like any other reply.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from chats import decisions, llm
from chats.analyzer.taxonomy import APOLOGY
from chats.models import AutoSend, Decision, Outgoing, Suggestion
from chats.refusing import Refused
from promos.models import PromoCodeSend, Seller
from promos.rules import days

CASES = 100
UNCHANGED_PCT = 95
SHADOW = timedelta(days=90)
CHAT_REST = timedelta(hours=24)
CODE_REST = timedelta(days=30)
MORNING, EVENING = 9, 21
UNDO_SECONDS = 15
_ACTS = uuid.UUID("5b0c1a6e-8a55-4c8e-9d4e-0f3d1f6c2b11")
NEVER = frozenset(intent.value for intent in APOLOGY)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What people made of the suggestions of one intent."""

    cases: int
    unchanged: int

    @property
    def is_enough(self) -> bool:
        """Whether an intent may be answered without a person."""
        return (
            self.cases >= CASES and self.unchanged * 100 >= self.cases * UNCHANGED_PCT
        )


def consider(suggestion: Suggestion, *, now: datetime) -> Decision | None:
    """
    Send the suggestion if it may go out without a person; None when it may not.

    The settings are locked, so that two workers cannot pass a cap together. The same
    suggestion twice is one decision.
    """
    if suggestion.state != Suggestion.State.SHOWN:
        return None
    with transaction.atomic():
        rows = AutoSend.objects.select_for_update().filter(
            seller=suggestion.seller_id, is_on=True
        )
        settings = rows.first()
        if settings is None or why_not(suggestion, settings, now=now):
            return None
        try:
            return decisions.decide(
                suggestion,
                kind=Decision.Kind.AUTO,
                operator=None,
                key=uuid.uuid5(_ACTS, str(suggestion.pk)),
                seen_event_id=suggestion.event_id,
                undo_seconds=UNDO_SECONDS,
                now=now,
            )
        except Refused:  # a person looks at it then
            return None


def why_not(suggestion: Suggestion, settings: AutoSend | None, *, now: datetime) -> str:
    """Return the machine word for leaving the suggestion to a person, or nothing."""
    if suggestion.state != Suggestion.State.SHOWN:
        return "not_open"
    if settings is None:
        return "off"
    found = (
        _by_settings(suggestion, settings)
        or _by_reading(suggestion)
        or _by_time(suggestion, now)
        or _by_caps(suggestion, settings, now)
    )
    if found:
        return found
    seen = evidence(suggestion.seller, now=now).get(suggestion.analysis.intent)
    return "" if seen and seen.is_enough else "no_evidence"


def evidence(seller: Seller, *, now: datetime) -> dict[str, Evidence]:
    """Return what people made of suggestions in the last 90 days, by intent."""
    decided = Decision.objects.filter(
        seller=seller, decided_at__gte=now - SHADOW, suggestion__isnull=False
    ).exclude(kind=Decision.Kind.AUTO)
    unchanged = Q(kind=Decision.Kind.ACCEPT, text=F("suggestion__text"))
    rows = decided.values("suggestion__analysis__intent").annotate(
        cases=Count("pk"), unchanged=Count("pk", filter=unchanged)
    )
    return {
        row["suggestion__analysis__intent"]: Evidence(row["cases"], row["unchanged"])
        for row in rows
    }


def _by_settings(suggestion: Suggestion, settings: AutoSend) -> str:
    intent = suggestion.analysis.intent
    if not settings.is_on:
        return "off"
    if intent in NEVER or intent not in AutoSend.Intent.values:
        return "never"
    return "" if intent in settings.intents else "not_allowed"


def _by_reading(suggestion: Suggestion) -> str:
    analysis = suggestion.analysis
    if suggestion.is_escalation or analysis.sentiment == "negative":
        return "never"
    # What a model outside wrote is read by a person before a buyer reads it.
    drafted = (suggestion.variant, suggestion.plain_variant)
    if any(variant.startswith(llm.DRAFTED) for variant in drafted):
        return "never"
    return "" if analysis.confident else "not_confident"


def _by_time(suggestion: Suggestion, now: datetime) -> str:
    hour = now.astimezone(days.MOSCOW).hour
    if not MORNING <= hour < EVENING:
        return "quiet_hours"
    chat = suggestion.chat
    lately = _automatic(suggestion.seller).filter(
        chat=chat, decided_at__gt=now - CHAT_REST
    )
    if lately.exists():
        return "answered_today"
    codes = PromoCodeSend.objects.filter(
        seller=suggestion.seller, chat_id=chat.wb_chat_id, sent_at__gt=now - CODE_REST
    )
    return "code_this_month" if suggestion.promo_code and codes.exists() else ""


def _by_caps(suggestion: Suggestion, settings: AutoSend, now: datetime) -> str:
    today = days.day_start(days.moscow_date(now))
    sent = _automatic(suggestion.seller).filter(decided_at__gte=today)
    if sent.count() >= settings.daily_cap:
        return "shop_cap"
    code = suggestion.promo_code
    if code is None:
        return ""
    coded = sent.filter(outgoing__promo_code=code)
    return "code_cap" if coded.count() >= settings.code_daily_cap else ""


def _automatic(seller: Seller) -> QuerySet[Decision]:
    """Return automatic decisions whose reply was not taken back."""
    rows = Decision.objects.filter(seller=seller, kind=Decision.Kind.AUTO)
    return rows.exclude(outgoing__status=Outgoing.Status.CANCELLED)
