"""«Почему код не предлагается?» for a chat."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from chats import whynot
from chats.access import reading


@require_GET
@reading
def why(request: HttpRequest) -> HttpResponse:
    """Find the chat that was written or linked to, and answer for then and now."""
    written = request.GET.get("chat", "").strip()[:300]
    code = request.GET.get("code", "").strip()[:50]
    chat = whynot.find(request.seller, written) if written else None  # type: ignore[attr-defined]
    context = {"written": written, "code": code, "chat": chat}
    if chat:
        then = whynot.decided(chat)
        now = whynot.considered(chat, now=timezone.now())
        context |= {"then": then and then.only(code), "now": now and now.only(code)}
    return render(request, "chats/why.html", context)
