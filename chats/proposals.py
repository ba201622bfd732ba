"""
What operators keep changing in a wording, as a change a person may approve.

propose() compares suggested and sent texts word by word. Three edits that replace
the same words by the same words make a proposal; nothing changes until approve().
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Any

from django.db import transaction

from chats import replies, wordings
from chats.models import Decision, ReplyTemplate, Suggestion, WordingProposal
from chats.policy import masking
from chats.replies import Variant
from promos.models import Seller

SPAN = timedelta(days=28)
LEAST = 3
LONGEST = 40
"""Words of a change: a text written anew says nothing about the old one."""
CONTEXT = 2
"""Words kept before an insertion: they say where it belongs."""
State = WordingProposal.State
_TOKEN = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Change:
    """The words an operator replaced and those put in their place."""

    removed: str
    added: str


@dataclass(slots=True)
class _Tally:
    decisions: int
    operators: set[int | None]


def changes(original: str, text: str) -> Iterator[Change]:
    """Yield what was changed; an insertion comes with the words before it."""
    old, new = _TOKEN.findall(original), _TOKEN.findall(text)
    matcher = SequenceMatcher(None, _bare(old), _bare(new), autojunk=False)
    for kind, start, end, into, until in matcher.get_opcodes():
        if kind == "equal":
            continue
        kept = "" if end > start else "".join(old[max(0, start - CONTEXT) : start])
        removed = kept + "".join(old[start:end])
        added = kept + "".join(new[into:until])
        if removed.strip() and max(end - start, until - into) <= LONGEST:
            yield Change(removed.strip(), added.strip())


def propose(seller: Seller, *, now: datetime) -> list[WordingProposal]:
    """
    Return new proposals from the edits of four weeks, the most frequent first.

    A change is proposed once, whatever was decided about it. It must fit the text
    as it is now: the words stand in it once, and the result passes every check.
    """
    edits = _edits(seller, now)
    sources = _sources(seller)
    made = []
    for (variant_id, change), tally in edits.items():
        source = sources.get(variant_id)
        if source is None or tally.decisions < LEAST:
            continue
        after = _changed(source, change)
        if after is None:
            continue
        proposal, new = WordingProposal.objects.get_or_create(
            seller=seller,
            variant=variant_id,
            removed=change.removed,
            added=change.added,
            defaults={
                "before": source.source,
                "after": after,
                "edits": tally.decisions,
                "operators": len(tally.operators),
                "sent": _sent(seller, variant_id, now),
                "created_at": now,
            },
        )
        if new:
            made.append(proposal)
    return sorted(made, key=lambda proposal: (-proposal.edits, proposal.pk))


@transaction.atomic
def approve(
    proposal: WordingProposal, *, operator: Any, now: datetime
) -> ReplyTemplate | None:
    """
    Take the change over into the shop's own text; return it.

    A standard section is copied first, so that its other texts stay. None when the
    proposal was decided before, or its text has changed meanwhile.
    """
    locked = WordingProposal.objects.select_for_update().get(pk=proposal.pk)
    if locked.state != State.OPEN:
        return None
    template = _own(locked)
    fits = template is not None and template.text == locked.before
    _decide(locked, State.APPROVED if fits else State.OUTDATED, operator, now)
    if template is None or not fits:
        return None
    template.text = locked.after
    template._change_reason = f"#{locked.pk}: {locked}"[:100]
    template.save(update_fields=["text", "updated_at"])
    return template


@transaction.atomic
def decline(proposal: WordingProposal, *, operator: Any, now: datetime) -> bool:
    """Leave the text as it is; the same change is not proposed again."""
    locked = WordingProposal.objects.select_for_update().get(pk=proposal.pk)
    if locked.state != State.OPEN:
        return False
    _decide(locked, State.DECLINED, operator, now)
    return True


def _edits(seller: Seller, now: datetime) -> Mapping[tuple[str, Change], _Tally]:
    """Return how often, and by whom, each change was made to each wording."""
    found: dict[tuple[str, Change], _Tally] = defaultdict(lambda: _Tally(0, set()))
    rows = Decision.objects.filter(
        seller=seller, kind=Decision.Kind.EDIT, decided_at__gt=now - SPAN
    ).exclude(suggestion=None)
    for row in rows.select_related("suggestion").order_by("pk"):
        for change in dict.fromkeys(changes(row.original, row.text)):
            tally = found[_variant_of(row), change]
            tally.decisions += 1
            tally.operators.add(row.operator_id)
    return found


def _variant_of(row: Decision) -> str:
    """Return the id of the wording an edit began with."""
    made: Suggestion = row.suggestion
    coded = row.with_code and made.promo_code_id
    return made.variant if coded else made.plain_variant or made.variant


def _sources(seller: Seller) -> dict[str, Variant]:
    """Return every wording the shop may speak now, by its id."""
    own = [row.variant() for row in ReplyTemplate.objects.filter(seller=seller)]
    standard = (v for section in replies.library().values() for v in section)
    return {variant.id: variant for variant in (*standard, *own)}


def _changed(variant: Variant, change: Change) -> str | None:
    """Return the template with the change made, None where it cannot be."""
    if variant.template_id.startswith(replies.ESCALATION):
        return None
    if variant.source.count(change.removed) != 1 or masking.mask(change.added).spans:
        return None
    after = variant.source.replace(change.removed, change.added)
    after = re.sub(r"[ \t]{2,}", " ", after).strip()
    coded = variant.template_id.endswith("/with_code")
    return None if wordings.preview(after, with_code=coded).problems else after


def _sent(seller: Seller, variant: str, now: datetime) -> int:
    """Return how many replies of the span began with the wording."""
    field = (
        "variant" if variant.split("#")[0].endswith("with_code") else "plain_variant"
    )
    rows = Decision.objects.filter(seller=seller, decided_at__gt=now - SPAN)
    rows = rows.exclude(kind=Decision.Kind.SKIP)
    return rows.filter(**{f"suggestion__{field}": variant}).count()


def _own(proposal: WordingProposal) -> ReplyTemplate | None:
    """Return the shop's own text the proposal is about, copied if it is standard."""
    template_id, _, number = proposal.variant.rpartition("#")
    rows = ReplyTemplate.objects.select_for_update().filter(seller=proposal.seller_id)
    if template_id.startswith("own/"):
        return rows.filter(pk=int(number)).first()
    wordings.copy_standard(proposal.seller, template_id)
    same = rows.filter(text=proposal.before).order_by("pk")
    return next((row for row in same if row.section == template_id), None)


def _decide(
    proposal: WordingProposal, state: str, operator: Any, now: datetime
) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at = state, operator, now
    proposal.save(update_fields=["state", "decided_by", "decided_at"])


def _bare(tokens: Iterable[str]) -> list[str]:
    return [token.strip() for token in tokens]
