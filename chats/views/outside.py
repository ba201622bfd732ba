"""What the AI sees: the chat's turn masked, as an external model would be given it."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from chats import llm, outside, suggestions
from chats.access import reading
from chats.llm import Config
from chats.views.showing import chat_of


@require_GET
@reading
def ai_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the request itself, made by the code that would send it."""
    chat = chat_of(request, pk)
    turn, context = suggestions.question(chat, suggestions.asked_of(chat))
    config = llm.configured()
    body = llm.request(turn, context, config or Config("", ""))
    newest = chat.suggestions.order_by("-pk").first()
    state = newest.snapshot.get("llm", "") if newest else ""
    shown = {
        "chat": chat,
        "brief": outside.brief(turn, context),
        "body": json.dumps(
            json.loads(body["messages"][1]["content"]), indent=2, ensure_ascii=False
        ),
        "config": config,
        "state": llm.say(state) if state else "",
    }
    return render(request, "chats/ai_view.html", shown)
