"""
correct(): an operator says what the buyer meant; export(): the next analyser learns it.

The last correction of a reading counts. What is exported is masked first and laid out
as ``chats/analyzer/training``: ``manage.py train_analyzer --extra DIR`` takes it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Literal

from django.db import transaction
from django.db.models import Count, Max, QuerySet

from chats.analyzer import Flag, Intent, Sentiment
from chats.models import Analysis, Chat, Correction, Message
from chats.policy import masking
from promos.models import Seller

FOLDER = "corrections"
HARMLESS = "none"
"""What an operator says of a flag that should not have been raised."""
ENOUGH = 20
"""A share of fewer readings than this says nothing and is not shown."""
LABELS: Mapping[str, tuple[str, ...]] = {
    "intent": tuple(Intent),
    "sentiment": tuple(Sentiment),
}
Field = Literal["intent", "sentiment"]


@dataclass(frozen=True, slots=True)
class Row:
    """
    What became of the readings with one label.

    ``counts`` are the corrected labels in the order of the table's; ``corrected``
    those that moved, ``read`` all readings; ``percent`` is None below 20 of them.
    """

    predicted: str
    counts: tuple[int, ...]
    read: int
    corrected: int
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Confusion:
    """Corrections of one analyser version: a row for each label it gave."""

    version: str
    field: Field
    labels: tuple[str, ...]
    rows: tuple[Row, ...]


def correct(
    analysis: Analysis,
    *,
    intent: str,
    sentiment: str,
    operator: Any,
    now: datetime,
    flag: str = "",
) -> Correction:
    """
    Keep what the buyer really meant, and sort the chat by it.

    ``flag`` is the safety flag it should have had, HARMLESS for none, "" for those
    that were read. ValueError for a word outside the taxonomy. The reading itself
    stays as it was: the confusion table compares the two, and what a flag has
    blocked stays blocked. An older turn does not move its chat.
    """
    if flag not in ("", HARMLESS):
        Flag(flag)
    meant = {"intent": Intent(intent).value, "sentiment": Sentiment(sentiment).value}
    with transaction.atomic():
        made = Correction.objects.create(
            seller_id=analysis.seller_id,
            analysis=analysis,
            operator=operator,
            flag=flag,
            **meant,
        )
        newer = Analysis.objects.filter(chat=analysis.chat_id, pk__gt=analysis.pk)
        if not newer.exists():
            chats = Chat.objects.filter(pk=analysis.chat_id)
            chats.update(changed_at=now, **meant)
    return made


def last_of_each(corrections: QuerySet[Correction]) -> QuerySet[Correction]:
    """Return the newest correction of each reading."""
    return corrections.order_by("analysis_id", "-pk").distinct("analysis_id")


def export(corrections: QuerySet[Correction], folder: Path) -> int:
    """
    Write the corrected turns as training files; return how many lines.

    Same rows, same bytes. Turns with a safety flag go to ``flagged.tsv`` with it,
    and so do those that an operator has called harmless, as look-alikes.
    """
    files: dict[str, set[str]] = defaultdict(set)
    rows = list(last_of_each(corrections).select_related("analysis"))
    texts = _texts(rows)
    for row in rows:
        text = _line(texts[row.pk])
        if not text:
            continue
        flags = row.analysis.reading.get("flags", ())
        if row.flag:
            flags = ["-"] if row.flag == HARMLESS else [row.flag]
        if flags:
            parts = ("+".join(flags), row.intent, row.sentiment, text)
            files["flagged.tsv"].add("\t".join(parts))
        else:
            files[f"{row.intent}.{row.sentiment}.txt"].add(text)
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        written = "".join(f"{line}\n" for line in sorted(lines))
        (target / name).write_text(written, encoding="utf-8")
    return sum(map(len, files.values()))


def versions(seller: Seller) -> list[str]:
    """Return the analyser versions that read for this shop, newest first."""
    seen = Analysis.objects.filter(seller=seller).values("version")
    newest = seen.annotate(newest=Max("pk")).order_by("-newest")
    return [row["version"] for row in newest]


def confusion(seller: Seller, *, version: str, field: Field = "intent") -> Confusion:
    """Return what the analyser said against what people say it should have."""
    labels = LABELS[field]
    read = Analysis.objects.filter(seller=seller, version=version)
    readings = dict(read.values_list(field).annotate(Count("pk")).order_by())
    made = Correction.objects.filter(seller=seller, analysis__version=version)
    pairs = Counter(last_of_each(made).values_list(f"analysis__{field}", field))
    rows = [
        _row(label, [pairs[label, meant] for meant in labels], labels, readings)
        for label in labels
        if readings.get(label)
    ]
    return Confusion(version, field, labels, tuple(rows))


def _row(
    label: str,
    counts: list[int],
    labels: tuple[str, ...],
    readings: Mapping[str, int],
) -> Row:
    read = readings[label]
    moved = sum(counts) - counts[labels.index(label)]
    percent = None
    if read >= ENOUGH:
        share = Decimal(100 * moved) / read
        percent = share.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return Row(label, tuple(counts), read, moved, percent)


def _texts(rows: Iterable[Correction]) -> dict[int, str]:
    """Return the words of each corrected turn, oldest message first."""
    wanted = {
        row.pk: row.analysis.message_ids or [row.analysis.message_id] for row in rows
    }
    ids = {pk for keys in wanted.values() for pk in keys}
    found = dict(Message.objects.filter(pk__in=ids).values_list("pk", "text"))
    return {
        pk: "\n".join(found[key] for key in keys if found.get(key))
        for pk, keys in wanted.items()
    }


def _line(text: str) -> str:
    """Return a turn as one line of a training file, without personal data."""
    masked = masking.mask(text).text.replace("\t", " ").strip()
    return "\\n".join(filter(None, map(str.strip, masked.splitlines())))
