"""The dashboard at the seller's desk: page, list of sends behind it, and export."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from agentiq import paging
from agentiq.problems import Problem
from chats import dashboard as reports
from chats.models import Chat
from promos import audit, exports, ledger, roles
from promos.alert_words import path
from promos.ledger import Filters
from promos.models import PromoCodeSend

PERIODS = ((7, gettext_lazy("7 days")), (30, gettext_lazy("30 days")))
LONGER = ((90, gettext_lazy("90 days")), (365, gettext_lazy("a year")))
SHOWN = 50
LATEST = 10
FILES = {
    "csv": ("text/csv; charset=utf-8", exports.to_csv),
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        exports.to_xlsx,
    ),
}


class FilterForm(forms.Form):
    """Period, code and operator, as the address has them."""

    first = forms.DateField(
        label=gettext_lazy("From the day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last = forms.DateField(
        label=gettext_lazy("To the day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    code = forms.ChoiceField(label=gettext_lazy("Code"), required=False)
    operator = forms.TypedChoiceField(
        label=gettext_lazy("Operator"), required=False, coerce=int, empty_value=None
    )

    def __init__(self, data: Any, *, seller: Any, now: Any) -> None:
        usual = ledger.last_days(now)
        given = {"first": usual.first.isoformat(), "last": usual.last.isoformat()}
        given |= {name: data[name] for name in self.base_fields if data.get(name)}
        super().__init__(given)
        everything = [("", _("all"))]
        codes = [(code, code) for code in reports.codes(seller)]
        self.fields["code"].choices = everything + codes
        people = [(str(pk), name) for pk, name in reports.operators(seller)]
        self.fields["operator"].choices = everything + people
        self.usual = usual

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and last < first:
            self.add_error("last", _("The end is before the beginning."))
        elif first and last and (last - first).days >= ledger.LONGEST_DAYS:
            self.add_error("last", _("Choose two years at most."))
        return found

    def filters(self) -> Filters:
        """Return what is asked for; the usual period where it makes no sense."""
        if not self.is_valid():
            return self.usual
        return Filters(
            self.cleaned_data["first"] or self.usual.first,
            self.cleaned_data["last"] or self.usual.last,
            self.cleaned_data["code"],
            self.cleaned_data["operator"],
        )


@require_GET
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """The dashboard."""
    form = _form(request)
    found = reports.report(_seller(request), form.filters(), now=timezone.now())
    context = admin.site.each_context(request) | {
        "title": _("Dashboard"),
        "form": form,
        "report": found,
        "periods": _periods(form),
        "query": _query(found.filters),
        "sends": _rows(ledger.sends(_seller(request), found.filters)[:LATEST]),
    }
    return render(request, "chats/dashboard.html", context)


@require_GET
@login_required
def sends(request: HttpRequest) -> HttpResponse:
    """The sends behind the figures, fifty at a time, each with its chat."""
    filters = _form(request).filters()
    page = _page(ledger.sends(_seller(request), filters), request)
    context = admin.site.each_context(request) | {
        "title": _("Sends"),
        "filters": filters,
        "sends": _rows(page.rows),
        "next": page.next_cursor,
        "query": _query(filters),
    }
    return render(request, "chats/dashboard_sends.html", context)


@require_GET
@login_required
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """The tables of the page as a file."""
    filters = _form(request).filters()
    content_type, write = FILES[kind]
    audit.of_request(request, audit.Kind.EXPORT, _("Dashboard"))
    name = f"agentiq-{filters.first}-{filters.last}.{kind}"
    return HttpResponse(
        write(reports.tables(_seller(request), filters)),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _seller(request: HttpRequest) -> Any:
    """Return the shop of a person who may read its facts; else refuse."""
    if not roles.may_read(request.membership, roles.Area.FACTS):  # type: ignore[attr-defined]
        raise PermissionDenied
    return request.seller  # type: ignore[attr-defined]


def _form(request: HttpRequest) -> FilterForm:
    return FilterForm(request.GET, seller=_seller(request), now=timezone.now())


def _periods(form: FilterForm) -> list[dict[str, Any]]:
    """Return the links to the usual periods, with the other filters kept."""
    asked, today = form.filters(), form.usual.last
    found = []
    for days, name in (*PERIODS, *LONGER):
        first = today - timedelta(days=days - 1)
        wanted = Filters(first, today, asked.code, asked.operator_id)
        found.append(
            {"name": name, "query": _query(wanted), "is_current": wanted == asked}
        )
    return found


def _query(filters: Filters) -> str:
    """Return the filters as an address has them."""
    given = {
        "first": filters.first,
        "last": filters.last,
        "code": filters.code,
        "operator": filters.operator_id or "",
    }
    return urlencode({name: value for name, value in given.items() if value})


def _page(found: Any, request: HttpRequest) -> paging.Page:
    """Return the page of sends that is asked for; the first one for nonsense."""
    order = paging.Order("sent_at")
    try:
        cursor = request.GET.get("after", "")
        return paging.page(found, order, cursor=cursor, size=SHOWN)
    except Problem:
        return paging.page(found, order, cursor="", size=SHOWN)


def _rows(found: Iterable[PromoCodeSend]) -> list[dict[str, Any]]:
    """Return sends with what a list shows of each."""
    found = list(found)
    ids = {send.chat_id for send in found}
    chats = Chat.objects.filter(wb_chat_id__in=ids)
    by_id = {chat.wb_chat_id: chat for chat in chats}
    return [
        {
            "send": send,
            "operator": _name(send.operator),
            "chat": str(by_id.get(send.chat_id, send.chat_id)),
            "link": _chat_page(by_id.get(send.chat_id)),
            "use_case": reports.use_case(send.use_case),
            "intent": reports.intent(send.trigger_intent),
            "decision": reports.DECISIONS.get(send.decision, send.decision),
        }
        for send in found
    ]


def _chat_page(chat: Chat | None) -> str:
    return path("chats:chat", chat.pk) if chat else ""


def _name(person: Any) -> str:
    return person.get_full_name() or person.get_username() if person else "—"
