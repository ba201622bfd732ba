"""The menu of the desk: what is needed daily first, the records last."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chats import models as chats
from promos import models as promos
from promos import roles

Group = tuple[Promise, tuple[type, ...]]

CODES = (promos.PromoCode, promos.PromoCodeSend)
GOODS = (promos.Product,)
REPLIES = (
    chats.ReplyTemplate,
    chats.WordingProposal,
    chats.SavedReply,
    chats.AutoSend,
    chats.AnswerTarget,
    chats.Correction,
)
SHOP = (promos.Seller, promos.Membership, promos.WbToken)
TOLD = (
    promos.NotificationRule,
    promos.NotificationSettings,
    promos.TelegramBot,
    promos.TelegramLink,
)
SYSTEMS = (promos.ApiKey, promos.Webhook)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the menu with what the person may read."""
    membership = getattr(request, "membership", None)
    reads = roles.may_read(membership, roles.Area.CODES)
    daily = [_page(_("Home"), "admin:index")]
    if membership is not None:
        daily.append(_page(_("Chats with buyers"), "chats:inbox"))
    if reads:
        daily.append(_page(_("Dashboard"), "chats:dashboard"))
    codes = [_page(_("Slot planner"), "admin:promos_promocode_planner")]
    codes.append(_page(_("Why is a code not suggested?"), "admin:promos_promocode_why"))
    goods = [_page(_("Margin calculator"), "admin:promos_product_calculator")]
    goods.append(_page(_("WB actions"), "admin:promos_product_actions"))
    groups = [
        _group("", [*daily, *_lists(request, (promos.Alert,))]),
        _group(_("Promo codes"), [*_lists(request, CODES), *(codes if reads else [])]),
        _group(_("Products"), [*_lists(request, GOODS), *(goods if reads else [])]),
        _group(_("Replies"), _lists(request, REPLIES)),
        _group(_("Shop"), _lists(request, SHOP)),
        _group(_("Notifications"), _lists(request, TOLD), is_open=False),
        _group(_("Other systems"), _lists(request, SYSTEMS), is_open=False),
        _group(_("Records"), _lists(request, _rest()), is_open=False),
    ]
    _mark(request.path, [item for group in groups for item in group["items"]])
    return [group for group in groups if group["items"]]


def _mark(path: str, items: list[dict[str, Any]]) -> None:
    """Mark the item the person is at: the longest address the page lies below."""
    home = {reverse("admin:index"), "/"}
    above = [
        item
        for item in items
        if item["link"] == path
        or (item["link"] not in home and path.startswith(item["link"]))
    ]
    for item in items:
        item["active"] = False
    if above:
        max(above, key=lambda item: len(item["link"]))["active"] = True


def _rest() -> tuple[type, ...]:
    """Whatever is registered and named nowhere above: nothing gets lost."""
    named = {promos.Alert, *CODES, *GOODS, *REPLIES, *SHOP, *TOLD, *SYSTEMS}
    return tuple(it for it in admin.site._registry if it not in named)


def _lists(request: HttpRequest, models: tuple[type, ...]) -> list[dict[str, Any]]:
    """Return the lists of the models that the person may see."""
    found = []
    for model in models:
        model_admin = admin.site._registry[model]
        if model_admin.has_module_permission(request):
            meta = model_admin.opts
            address = f"admin:{meta.app_label}_{meta.model_name}_changelist"
            found.append(_page(meta.verbose_name_plural.capitalize(), address))
    return found


def _page(title: Promise | str, address: str) -> dict[str, Any]:
    return {"title": title, "link": reverse(address)}


def _group(
    title: Promise | str, items: list[dict[str, Any]], *, is_open: bool = True
) -> dict[str, Any]:
    return {"title": title, "items": items, "collapsible": not is_open}
