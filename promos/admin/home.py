"""The home page of the desk: what the shop needs today, or how to get started."""

from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext

from promos import home, roles


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the page's figures; without a shop there are none."""
    context["title"] = gettext("Home")
    seller = getattr(request, "seller", None)
    membership = getattr(request, "membership", None)
    if seller is None or not roles.may_read(membership, roles.Area.CODES):
        return context
    shown = home.home(seller, now=timezone.now(), suggested=_suggested)
    steps = [(step, address(step.address)) for step in shown.steps]
    return context | {
        "home": shown,
        "steps": steps,
        "may_edit_shop": roles.may_edit(membership, roles.Area.SHOP),
    }


def shop_badge(request: HttpRequest) -> list[str] | None:
    """Name the shop in the header: nobody works in the wrong one unawares."""
    seller = getattr(request, "seller", None)
    return [seller.name, "info"] if seller else None


def _suggested() -> bool:
    """Whether the shop ever got a suggestion; chats lie above, so by name."""
    return bool(apps.get_model("chats", "Suggestion").objects.exists())


def address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return "/"
