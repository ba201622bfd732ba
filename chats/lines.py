"""
The desk's lists in words: chats, filters, the messages of a conversation.

Pages of forty chats or fifty messages are made of little else than lines. All that a
line says is put into words here; its partial is drawn once and then filled in.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from agentiq.templating import Stencil, numbered
from chats import deadlines, labels, moments
from chats.conversation import Stretch
from chats.desk import Filters
from chats.models import Attachment, Chat, Message, Presence

CHAT = Stencil(
    "chats/_item.html",
    *("pk", "place", "kept", "name", "waiting", "when", "preview", "marks"),
)
FILTER = Stencil("chats/_facet.html", "kind", "word", "label", "count", "current")
MESSAGE = Stencil(
    "chats/_message.html", "pk", "sender", "author", "iso", "when", "body", "files"
)
CURRENT = mark_safe(' aria-current="true"')

People = Mapping[int, Iterable[Presence]]


# The list


def chats(
    found: Iterable[Chat],
    *,
    kept: str,
    present: People,
    operator_id: int,
    can_write: bool,
    now: datetime,
) -> SafeString:
    """Return the list's lines; ``present`` is who has which chat open."""
    place = numbered("chats:chat")
    shown = (
        {
            "pk": str(chat.pk),
            "place": place(chat.pk),
            "kept": kept,
            "name": str(chat),
            "waiting": " waiting" if chat.waiting_since else "",
            "when": _when(chat, now),
            "preview": chat.preview or "—",
            "marks": mark_safe(
                "".join(
                    [
                        *_marks(chat),
                        *map(_person, present.get(chat.pk, ())),
                        *_holder(chat, operator_id, now),
                    ]
                )
            ),
        }
        for chat in found
    )
    return CHAT.draw(shown, can_write=can_write)


def _when(chat: Chat, now: datetime) -> SafeString:
    """Return how long there is to answer, or the day of the last message."""
    if chat.waiting_since and chat.due_at:
        tone = deadlines.urgency(chat, now)
        left = deadlines.left(chat.due_at, now)
        return _span(f"small due {tone}", left, deadlines.clock_words(chat))
    if chat.last_at:
        return _span("small muted", moments.shown(chat.last_at, moments.DAY))
    return SafeString("")


def _marks(chat: Chat) -> Iterator[str]:
    if chat.flags:
        yield _span("tag bad", _("Needs a person"))
    if chat.intent:
        yield _span("tag", labels.intent(chat.intent))
    if chat.sentiment and chat.sentiment != "neutral":
        tone = labels.MOOD_TONES.get(chat.sentiment, "")
        yield _span(f"tag {tone}", labels.mood(chat.sentiment))
    if chat.low_rated_at:
        yield _span("tag bad", _("rated low"))
    if chat.has_failed:
        yield _span("tag bad", _("not sent"))
    if chat.code_sent_at:
        yield _span("tag good", _("code sent"))
    if not chat.reply_sign:
        yield _span("tag warn", _("no signature yet"))
    for tag in chat.tags:
        yield _span("tag accent", tag)


def _person(one: Presence) -> SafeString:
    return _span("tag accent person", f"{one.operator} {one.get_state_display()}")


def _holder(chat: Chat, operator_id: int, now: datetime) -> Iterator[str]:
    """Yield the colleague who holds the chat, if it is one."""
    until = chat.claimed_until
    if chat.claimed_by_id not in (None, operator_id) and until and until > now:
        yield _span("tag warn", str(chat.claimed_by))


@lru_cache(maxsize=5_000)
def _span(css: str, words: str, title: str | None = None) -> SafeString:
    if title is None:
        return format_html('<span class="{}">{}</span>', css, words)
    return format_html('<span class="{}" title="{}">{}</span>', css, title, words)


# The filters above it


def scopes(filters: Filters, counts: Mapping[str, int], *, mine: str) -> SafeString:
    """Return the list's scopes with their counts; ``mine`` is the key of one's own."""
    chosen = "" if filters.query else filters.scope
    keys = {name: mine if name == "mine" else name for name in labels.SCOPES}
    return _facets("scope", labels.SCOPES, chosen, counts, keys)


def facets(filters: Filters, counts: Mapping[str, int]) -> SafeString:
    """Return moods, and the intents that somebody waits with, with their counts."""
    moods = {word: f"mood:{word}" for word in labels.MOODS}
    intents = {word: f"intent:{word}" for word in labels.INTENTS}
    some = {
        word: key
        for word, key in intents.items()
        if counts.get(key) or word == filters.intent
    }
    return mark_safe(
        _facets("mood", labels.MOODS, filters.mood, counts, moods)
        + _facets("intent", labels.INTENTS, filters.intent, counts, some)
    )


def _facets(
    kind: str,
    words: Mapping[Any, Any],
    chosen: str,
    counts: Mapping[str, int],
    keys: Mapping[Any, str],
) -> SafeString:
    return FILTER.draw(
        {
            "kind": kind,
            "word": str(word),
            "label": str(words[word]),
            "count": str(counts.get(key, 0)),
            "current": CURRENT if word == chosen else "",
        }
        for word, key in keys.items()
    )


# A conversation


def messages(found: Iterable[Message], chat: Chat) -> SafeString:
    """Return the messages as ``conversation`` gives them: with parts and files."""
    return MESSAGE.draw(
        {
            "pk": str(message.pk),
            "sender": message.sender,
            "author": _author(message, chat),
            "iso": localtime(message.added_at).isoformat(),
            "when": moments.shown(message.added_at, moments.MINUTE),
            "body": _body(message.parts),
            "files": _files(message.files),
        }
        for message in found
    )


def _author(message: Message, chat: Chat) -> str:
    """Who wrote a message, and where."""
    if message.sender == Message.Sender.BUYER:
        return str(chat)
    if message.sender == Message.Sender.WB:
        return "Wildberries"
    if message.ours:
        return f"AgentIQ · {message.person}" if message.person else "AgentIQ"
    if message.source == "seller-public-api":
        return "API"
    return _("WB cabinet")


def _body(parts: Iterable[Stretch]) -> SafeString:
    """Return the text, with what the analyser went by marked in it."""
    shown = [
        f'<mark title="{escape(part.label)}">{escape(part.text)}</mark>'
        if part.label
        else escape(part.text)
        for part in parts
    ]
    return mark_safe(f'<p class="text">{"".join(shown)}</p>' if shown else "")


def _files(files: Iterable[Attachment]) -> str:
    return render_to_string("chats/_files.html", {"files": files}) if files else ""
