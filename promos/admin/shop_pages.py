"""Pages of the shop itself: what WB's calls cost, what a lawyer must see, its data."""

from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext

from promos import audit, legal, takeout, wbcalls
from promos.admin.pages import PagesAdmin
from promos.rules.days import moscow_date


class ShopPages(PagesAdmin):
    """What an owner asks about the shop as a whole."""

    def get_urls(self) -> list[URLPattern]:
        return [
            self.page(self.calls_view, "calls/", "calls"),
            self.page(self.legal_view, "legal/", "legal"),
            self.page(self.data_view, "data/", "data"),
            *super().get_urls(),
        ]

    def calls_view(self, request: HttpRequest) -> HttpResponse:
        """How often WB was called, what a month of it comes to."""
        self.must_read(request)
        seller = request.seller  # type: ignore[attr-defined]
        found = wbcalls.of(seller, today=datetime.now(UTC).date())
        title = gettext("Calls to WB")
        return self.show(request, "admin/calls.html", title, found=found, shop=seller)

    def legal_view(self, request: HttpRequest) -> HttpResponse:
        """What to ask a lawyer; who has asked, and when."""
        self.must_read(request)
        seller = request.seller  # type: ignore[attr-defined]
        may_change = self.has_change_permission(request)
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            legal.note(
                seller,
                set(request.POST.getlist("asked")),
                by=request.user.get_username(),
                today=moscow_date(timezone.now()),
            )
            return redirect("admin:promos_seller_legal")
        context: dict[str, Any] = {
            "questions": legal.questions(seller),
            "may_change": may_change,
        }
        title = gettext("Legal questions")
        return self.show(request, "admin/legal.html", title, **context)

    def data_view(self, request: HttpRequest) -> HttpResponse | FileResponse:
        """Everything the shop has here, as one archive."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        seller = request.seller  # type: ignore[attr-defined]
        if request.method != "POST":
            title = gettext("All data of the shop")
            return self.show(request, "admin/data.html", title, shop=seller)
        archive = TemporaryFile()  # noqa: SIM115  the answer closes it
        takeout.write(seller, archive)
        audit.of_request(request, audit.Kind.EXPORT, gettext("All data of the shop"))
        archive.seek(0)
        name = f"agentiq-{seller.pk}-{moscow_date(timezone.now())}.zip"
        return FileResponse(archive, as_attachment=True, filename=name)
