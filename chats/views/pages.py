"""The list, an open chat, what came before and what stands beside it."""

from typing import Any

from django.db.models import Case, Q, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from chats import composer, conversation, lines, live
from chats.access import may_write, reading
from chats.models import FateReading, SavedReply, Suggestion
from chats.policy.rendering import TemplateError
from chats.replies import NoTemplate
from chats.views.showing import (
    card_context,
    chat_context,
    chat_of,
    filters_of,
    list_context,
)
from promos.models import Membership, Product, PromoCode
from promos.rules.margin import margin
from promos.rules.pricing import quote

CODES = 300
"""Codes that a search offers by name; of more, type the code into the search."""


@require_GET
@reading
def inbox(request: HttpRequest) -> HttpResponse:
    """The desk with no chat open."""
    return render(request, "chats/desk.html", list_context(request))


@require_GET
@reading
def fresh(request: HttpRequest) -> HttpResponse:
    """The list's rows, with the counts of its filters out of band."""
    return render(request, "chats/_fresh.html", list_context(request))


@require_GET
@reading
def more(request: HttpRequest) -> HttpResponse:
    """The next page of the list."""
    return render(request, "chats/_items.html", list_context(request))


@require_GET
@reading
def narrow(request: HttpRequest) -> HttpResponse:
    """The fields of a closer search: who answered, which code, when, which article."""
    seller = request.seller  # type: ignore[attr-defined]
    members = Membership.objects.filter(seller=seller).select_related("user")
    codes = PromoCode.objects.filter(seller=seller).order_by("code")
    context = {
        "filters": filters_of(request),
        "operators": [member.user for member in members.order_by("user__username")],
        "codes": codes.values_list("code", flat=True)[:CODES],
    }
    return render(request, "chats/_narrow.html", context)


@require_GET
@reading
@vary_on_headers("HX-Request")
def chat(request: HttpRequest, pk: int) -> HttpResponse:
    """An open chat; a page of its own brings its list along later."""
    context = chat_context(request, chat_of(request, pk))
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "chats/_chat.html", context)
    seller = request.seller  # type: ignore[attr-defined]
    context["ticket"] = live.ticket(seller.pk, request.user.pk)
    context["version"] = live.version(seller.pk)
    return render(request, "chats/desk.html", context)


@require_GET
@reading
def earlier(request: HttpRequest, pk: int) -> HttpResponse:
    """The messages before the one named, for paging upwards."""
    found = chat_of(request, pk)
    before = get_object_or_404(
        found.messages, pk=request.GET.get("before", "").lstrip("m") or 0
    )
    messages, more_before = conversation.last(found, before=before)
    conversation.mark(messages, None)
    context = {
        "chat": found,
        "timeline": messages,
        "messages_shown": lines.messages(messages, found),
        "earlier": more_before,
    }
    return render(request, "chats/_earlier.html", context)


@require_GET
@reading
def side(request: HttpRequest, pk: int) -> HttpResponse:
    """The product, the orders and the codes that work for it."""
    found = chat_of(request, pk)
    now = timezone.now()
    seller = request.seller  # type: ignore[attr-defined]
    product = Product.objects.filter(seller=seller, nm_id=found.nm_id).first()
    codes = list(PromoCode.objects.live(now).filter(seller=seller).order_by("code"))
    context = {
        "chat": found,
        "product": product,
        "orders": list(found.orders.order_by("-seen_at", "-pk")[:5]),
        "reading": FateReading.objects.filter(seller=seller).first(),
        "codes": [code for code in codes if code.terms().covers(found.nm_id)],
        "all_codes": codes,
        **_money(product),
    }
    return render(request, "chats/_side.html", context)


@require_GET
@reading
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """The card with another code in it: what would be posted then."""
    rows = Suggestion.objects.open().select_related(
        "analysis", "promo_code", "chat", "seller"
    )
    suggestion = get_object_or_404(rows, pk=pk, seller=request.seller)  # type: ignore[attr-defined]
    now = timezone.now()
    codes = PromoCode.objects.live(now).filter(seller=request.seller)  # type: ignore[attr-defined]
    code = get_object_or_404(codes, pk=request.GET.get("code", "0") or 0)
    context = card_context(suggestion, now=now) | {
        "chat": suggestion.chat,
        "can_write": may_write(request),
        "now": now,
    }
    try:
        context |= {"text": composer.reword(suggestion, code), "code": code}
        context["other_code"] = code.pk != suggestion.promo_code_id
    except (NoTemplate, TemplateError):
        context["unsayable"] = code
    return render(request, "chats/_card.html", context)


@require_GET
@reading
def saved(request: HttpRequest, pk: int) -> HttpResponse:
    """Saved replies whose name or text has the words."""
    found = chat_of(request, pk)
    rows = SavedReply.objects.filter(seller=request.seller, is_active=True)  # type: ignore[attr-defined]
    words = request.GET.get("words", "").strip()
    order = ["-use_count", "title"]
    if words:
        in_title = Q(title__icontains=words)
        rows = rows.filter(in_title | Q(text__icontains=words))
        rows = rows.annotate(named=Case(When(in_title, then=1), default=0))
        order.insert(0, "-named")
    context = {"chat": found, "saved": list(rows.order_by(*order)[:20])}
    return render(request, "chats/_saved.html", context)


@require_GET
@reading
def saved_text(request: HttpRequest, pk: int, saved_pk: int) -> HttpResponse:
    """A saved reply with its slots filled; what stays empty is named by the check."""
    found = chat_of(request, pk)
    reply = get_object_or_404(SavedReply, pk=saved_pk, seller=request.seller)  # type: ignore[attr-defined]
    codes = PromoCode.objects.live(timezone.now()).filter(seller=request.seller)  # type: ignore[attr-defined]
    code = codes.filter(pk=request.GET.get("code") or 0).first()
    return HttpResponse(
        composer.fill(reply, found, code), content_type="text/plain; charset=utf-8"
    )


def _money(product: Product | None) -> dict[str, Any]:
    """Return what the product costs now and what it leaves; None is not known."""
    tag = product.price_tag() if product else None
    if product is None or tag is None:
        return {"now_price": None, "margin": None}
    price, costs = quote(tag).final, product.costs()
    left = margin(price, costs).rub if costs else None
    return {"now_price": price, "margin": left}
