"""Keeping open desks fresh: what is new in a chat, and who is where."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from chats import conversation, lines, presence, work
from chats.access import may_write, reading, writing
from chats.forms import PresenceForm
from chats.models import Chat
from chats.views.showing import card_context, chat_of, no_card


@require_GET
@reading
def news(request: HttpRequest, pk: int) -> HttpResponse:
    """
    What came since the last message the page shows; the text being typed stays.

    The card is sent only when it is another than the one shown.
    """
    chat = chat_of(request, pk)
    now = timezone.now()
    suggestion = conversation.open_suggestion(chat)
    after = request.GET.get("after", "0")
    messages = conversation.news(chat, after=int(after) if after.isdecimal() else 0)
    conversation.mark(messages, suggestion.analysis if suggestion else None)
    shown = request.GET.get("suggestion", "")
    context = {
        "chat": chat,
        "timeline": messages,
        "messages_shown": lines.messages(messages, chat),
        "newest": messages[-1].pk if messages else after,
        "outgoing": conversation.under_way(chat),
        "present": conversation.present(
            request.seller,  # type: ignore[attr-defined]
            now=now,
            but=request.user.pk,
        ).get(chat.pk, ()),
        "can_write": may_write(request),
        "now": now,
        "card_changed": shown != str(suggestion.pk if suggestion else ""),
        **card_context(suggestion, now=now),
        **no_card(chat, suggestion),
    }
    return render(request, "chats/_news.html", context)


@require_POST
@reading
def seen(request: HttpRequest) -> HttpResponse:
    """A sign of life from a desk, with the chat it shows and what is done there."""
    form = PresenceForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=400)
    seller, now = request.seller, timezone.now()  # type: ignore[attr-defined]
    chat = Chat.objects.filter(seller=seller, pk=form.cleaned_data["chat"]).first()
    work.wake_due(seller, now=now)
    presence.seen(
        seller, request.user, chat=chat, state=form.cleaned_data["state"], now=now
    )
    return HttpResponse(status=204)


@require_POST
@writing
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the chat for a while; 409 with who holds it until when."""
    chat = chat_of(request, pk)
    now = timezone.now()
    reason = request.POST.get("reason", "").strip()[:300]
    if "release" in request.POST:
        presence.release(chat, request.user)
        status = 200
    elif reason:
        presence.take_over(chat, request.user, reason=reason, now=now)
        status = 200
    else:
        taken = presence.claim(chat, request.user, now=now)
        status = 200 if taken else 409
    chat.refresh_from_db()
    context = {
        "chat": chat,
        "now": now,
        "can_write": True,
        "present": conversation.present(
            request.seller,  # type: ignore[attr-defined]
            now=now,
            but=request.user.pk,
        ).get(chat.pk, ()),
    }
    return render(request, "chats/_people.html", context, status=status)
