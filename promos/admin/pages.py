"""
Pages of the desk beside lists and forms: planner, reasons, rotation, calculator.

Each is a view of the admin: the site's own checks come first, then the table of
roles, and everything is asked of the request's shop.
"""

from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext

from agentiq.marketplace import NotConnected, connect
from agentiq.wb.errors import WbError, WbRejected, WbThrottled, WbUnknown
from agentiq.wb.tokens import Category
from promos import (
    calculator,
    calendar,
    effects,
    explanations,
    finding,
    offers,
    planner,
    registry,
    sentences,
    sources,
    wording,
)
from promos.admin.base import TrackedAdmin
from promos.forms import CalculatorForm, MadeForm, SuccessorForm, WhyForm
from promos.models import Product, PromoCode
from promos.rules.days import days_of

T = TypeVar("T")


class PagesAdmin(TrackedAdmin):
    """An admin with pages of its own, named after its model."""

    def page(self, view: Any, address: str, name: str) -> URLPattern:
        """Return the route of a page, inside the site's own checks."""
        info = f"{self.opts.app_label}_{self.opts.model_name}_{name}"
        return path(address, self.admin_site.admin_view(view), name=info)

    def show(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> HttpResponse:
        """Draw a page of the desk, or only its changing part for htmx."""
        whole = self.admin_site.each_context(request) | {
            "title": title,
            "content_title": title,
            "opts": self.opts,
            "may_edit": self.has_add_permission(request),
        }
        return render(request, template, whole | context)

    def must_read(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def must_edit(self, request: HttpRequest) -> None:
        if not self.has_add_permission(request):
            raise PermissionDenied


class CodePages(PagesAdmin):
    """What a seller asks about codes."""

    def get_urls(self) -> list[URLPattern]:
        return [
            self.page(self.planner_view, "planner/", "planner"),
            self.page(self.why_view, "why/", "why"),
            self.page(self.options_view, "options/", "options"),
            self.page(self.preview_view, "preview/", "preview"),
            self.page(self.preview_view, "<int:pk>/preview/", "preview_of"),
            self.page(self.extend_view, "<int:pk>/extend/", "extend"),
            self.page(self.version_view, "<int:pk>/version/", "version"),
            self.page(self.made_view, "<int:pk>/made/", "made"),
            *super().get_urls(),
        ]

    def planner_view(self, request: HttpRequest) -> HttpResponse:
        """Ninety days of the ten slots."""
        self.must_read(request)
        line = planner.timeline(request.seller, now=timezone.now())  # type: ignore[attr-defined]
        return self.show(
            request, "admin/planner.html", gettext("Slot planner"), timeline=line
        )

    def options_view(self, request: HttpRequest) -> HttpResponse:
        """Codes that what was typed may mean."""
        self.must_read(request)
        typed = request.GET.get("code", "")[:50]
        options = [
            (row.code, f"{sentences.number(row.discount_percent)} %")
            for row in finding.codes(request.seller, typed)  # type: ignore[attr-defined]
        ]
        return render(request, "admin/_options.html", {"options": options})

    def why_view(self, request: HttpRequest) -> HttpResponse:
        """Every reason against every code, for an article and a use case."""
        self.must_read(request)
        form = WhyForm(request.GET or None)
        found = None
        if form.is_valid():
            made = offers.explain(
                request.seller,  # type: ignore[attr-defined]
                use_case=form.cleaned_data["use_case"],
                nm_id=form.cleaned_data["nm_id"],
                min_discount=form.cleaned_data["min_discount"],
                now=timezone.now(),
            )
            found = explanations.of_choice(
                request.seller,  # type: ignore[attr-defined]
                made,
                nm_id=form.cleaned_data["nm_id"],
                only=form.cleaned_data["code"],
            )
        template = "admin/_why.html" if _is_htmx(request) else "admin/why.html"
        title = gettext("Why is a code not suggested?")
        return self.show(request, template, title, form=form, found=found)

    def preview_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """What WB would say to the code and what buyers would pay, while typing."""
        self.must_edit(request)
        if request.method != "POST":
            raise Http404
        row = self.find(request, str(pk)) if pk else None
        made = self.get_form(request, row, change=bool(row))
        form = made(request.POST, instance=row)
        form.holds = False
        is_valid = form.is_valid()
        entered = form.entered() if is_valid else None
        known = (
            explanations.of_code(request.seller, entered)  # type: ignore[attr-defined]
            if entered
            else None
        )
        return self.show(
            request,
            "admin/_preview.html",
            "",
            form=form,
            known=known,
            entered=entered,
        )

    def extend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new code that takes over when this one ends."""
        self.must_edit(request)
        promo_code = self.find(request, str(pk))
        now = timezone.now()
        proposed = registry.successor(promo_code, now=now, rng=Random(promo_code.pk))
        initial = (
            {
                "code": proposed.code,
                "starts_at": proposed.window.starts_at,
                "expires_at": proposed.window.expires_at,
            }
            if proposed
            else {}
        )
        form = SuccessorForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                made = registry.follow(
                    promo_code, by=request.user, now=now, **form.cleaned_data
                )
            except registry.Refused as refused:
                tell(form, refused)
            else:
                return redirect("admin:promos_promocode_made", made.pk)
        return self.show(
            request,
            "admin/extend.html",
            gettext("Extend with a new code"),
            form=form,
            original=promo_code,
            proposed=proposed,
        )

    def version_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """New terms for a code that already went out: a version of its own."""
        self.must_edit(request)
        promo_code = self.find(request, str(pk))
        if promo_code.replaced_by_id:
            return redirect("admin:promos_promocode_change", promo_code.replaced_by_id)
        blank = PromoCode(
            **{
                field.attname: getattr(promo_code, field.attname)
                for field in PromoCode._meta.concrete_fields
                if not field.primary_key
            }
        )
        made = self.get_form(request, None)
        form = made(request.POST or None, instance=blank)
        form.followed = promo_code
        with transaction.atomic():
            if request.method == "POST" and form.is_valid():
                fields = {name: form.cleaned_data[name] for name in registry.TERMS}
                new = registry.change(
                    promo_code, by=request.user, now=timezone.now(), **fields
                )
                messages.success(
                    request, gettext("Saved. Earlier sends keep their terms.")
                )
                return redirect("admin:promos_promocode_change", new.pk)
        return self.show(
            request,
            "admin/version.html",
            gettext("New version of %(code)s") % {"code": promo_code.code},
            form=form,
            original=promo_code,
        )

    def made_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What to click and copy in the WB cabinet, and what came of it."""
        self.must_edit(request)
        promo_code = self.find(request, str(pk))
        form = MadeForm(request.POST or None, initial={"code": promo_code.code})
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic():
                    registry.made_at_wb(
                        promo_code,
                        by=request.user,
                        now=timezone.now(),
                        code=form.cleaned_data["code"],
                        wb_uuid=form.cleaned_data["wb_uuid"],
                    )
            except registry.Refused as refused:
                tell(form, refused)
            except IntegrityError:
                form.add_error(None, gettext("Ten codes already run in these days."))
            else:
                messages.success(
                    request, gettext("The code is entered and can be sent.")
                )
                return redirect("admin:promos_promocode_change", promo_code.pk)
        first, last = days_of(promo_code.starts_at, promo_code.expires_at)
        return self.show(
            request,
            "admin/made.html",
            gettext("Make the code in the WB cabinet"),
            form=form,
            original=promo_code,
            first=first,
            last=last,
        )


class ProductPages(PagesAdmin):
    """What a seller asks about prices and margins."""

    def get_urls(self) -> list[URLPattern]:
        return [
            self.page(self.calculator_view, "calculator/", "calculator"),
            self.page(self.options_view, "options/", "options"),
            self.page(self.actions_view, "actions/", "actions"),
            self.page(self.action_view, "actions/<int:number>/", "action"),
            self.page(self.upload_view, "uploads/<int:number>/", "upload"),
            *super().get_urls(),
        ]

    def options_view(self, request: HttpRequest) -> HttpResponse:
        """Articles that what was typed may mean."""
        self.must_read(request)
        typed = request.GET.get("nm_id", "")[:100]
        options = [
            (row.nm_id, row.title or row.vendor_code)
            for row in finding.articles(request.seller, typed)  # type: ignore[attr-defined]
        ]
        return render(request, "admin/_options.html", {"options": options})

    def calculator_view(self, request: HttpRequest) -> HttpResponse:
        """One article, one code: the price step by step and what it leaves."""
        self.must_read(request)
        seller = request.seller  # type: ignore[attr-defined]
        product = self._named(request)
        typed = request.GET if "price" in request.GET else None
        form = CalculatorForm(typed or CalculatorForm.of(product))
        is_filled = typed is not None or product is not None
        found = None
        if is_filled and form.is_valid() and form.tag:
            found = calculator.calculate(
                form.tag,
                form.costs,
                percent=form.cleaned_data["percent"],
                other_percent=form.cleaned_data["other_percent"],
                floor=seller.margin_floor,
                rules=effects.rules_of(seller),
            )
        is_part = _is_htmx(request)
        return self.show(
            request,
            "admin/_calculation.html" if is_part else "admin/calculator.html",
            gettext("Margin calculator"),
            form=form,
            product=product,
            is_filled=is_filled,
            found=explanations.of_calculation(found) if found else None,
            inputs=sources.inputs(product, form.cleaned_data) if found else (),
        )

    def actions_view(self, request: HttpRequest) -> HttpResponse:
        """WB's actions of the next month, with the shop's part in them."""
        self.must_read(request)
        found = self._asked(
            request, lambda client: calendar.upcoming(client, now=timezone.now())
        )
        title = gettext("WB actions")
        return self.show(request, "admin/wb_actions.html", title, found=found)

    def action_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """The articles of an action, and joining it."""
        self.must_read(request)
        if request.method == "POST":
            self.must_edit(request)
            chosen = [int(it) for it in request.POST.getlist("nm") if it.isdigit()]
            at_once = "now" in request.POST
            ticket = self._asked(
                request,
                lambda client: client.promotion_upload(number, chosen, now=at_once),
            )
            if ticket is not None:
                return redirect("admin:promos_product_upload", ticket.upload_id)
        found = self._asked(request, lambda client: calendar.goods(client, number))
        return self.show(
            request,
            "admin/wb_action.html",
            gettext("Articles of the action"),
            found=found,
        )

    def upload_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """How far WB is with the articles that joined."""
        self.must_read(request)
        found = self._asked(request, lambda client: calendar.progress(client, number))
        title = gettext("Joining the action")
        return self.show(request, "admin/upload.html", title, found=found)

    def _asked(self, request: HttpRequest, ask: Callable[[Any], T]) -> T | None:
        """Return WB's answer, or say what stood in the way and return None."""
        try:
            client = connect(request.seller, category=Category.PRICES)  # type: ignore[attr-defined]
            return ask(client)
        except NotConnected:
            messages.error(
                request, gettext("No token opens prices and actions: enter one first.")
            )
        except WbThrottled as error:
            words = {"seconds": round(error.retry_after)}
            messages.error(
                request,
                gettext("WB asks to wait %(seconds)s s. Try again then.") % words,
            )
        except WbUnknown:
            messages.error(
                request,
                gettext(
                    "WB gave no answer and may have taken it: look before repeating."
                ),
            )
        except WbRejected as error:
            messages.error(
                request, gettext("WB refused: %(message)s") % {"message": error.message}
            )
        except WbError:
            messages.error(
                request, gettext("WB cannot be reached now. Try again later.")
            )
        return None

    def _named(self, request: HttpRequest) -> Product | None:
        written = request.GET.get("nm_id", "").strip()
        if not written.isdigit() or len(written) > 12:
            return None
        return self.get_queryset(request).filter(nm_id=int(written)).first()


def tell(form: forms.Form, refused: registry.Refused) -> None:
    """Put each problem beside its field."""
    for problem in refused.problems:
        field = problem.field if problem.field in form.fields else None
        form.add_error(field, wording.sentence(problem))


def _is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))
