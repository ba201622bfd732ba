"""When the shop works, and how soon it means to answer."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from chats import clocks, hours
from chats.hours import HoursError
from chats.models import AnswerTarget
from promos import roles
from promos.admin.base import SellerAdmin

DAYS = (
    ("monday", _("Monday")),
    ("tuesday", _("Tuesday")),
    ("wednesday", _("Wednesday")),
    ("thursday", _("Thursday")),
    ("friday", _("Friday")),
    ("saturday", _("Saturday")),
    ("sunday", _("Sunday")),
)
FAULTS = {
    "shape": _("“%(detail)s” is no span of hours. Write 9:00–18:00, commas between."),
    "clock": _("“%(detail)s” is no time of day. A day has 0:00 to 24:00."),
    "backwards": _(
        "“%(detail)s” ends before it begins. A night shift is two spans: "
        "22:00–24:00 here and 0:00–6:00 on the next day."
    ),
    "overlap": _("Two spans cover %(detail)s. Put them together or part them."),
}
DAY_FAULTS = {
    "day": _("“%(detail)s” is no date. Write 01.01.2027 or 01.01.2027–08.01.2027."),
    "backwards": _("“%(detail)s” ends before it begins."),
    "long": _("“%(detail)s” is longer than 60 days."),
}


class AnswerTargetForm(forms.ModelForm):
    """A week and its holidays, written as people write them."""

    class Meta:
        model = AnswerTarget
        fields = ("first_minutes", "later_minutes")

    holidays_text = forms.CharField(
        label=_("Days off and holidays"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("Dates such as 01.01.2027–08.01.2027, 23.02.2027. Nobody works."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spans: dict[int, tuple[hours.Span, ...]] = {}
        for number, (name, label) in enumerate(DAYS):
            self.fields[name] = forms.CharField(
                label=label,
                required=False,
                widget=UnfoldAdminTextInputWidget(),
                initial=hours.written(map(tuple, self.instance.week[number])),
            )
        self.fields["monday"].help_text = _(
            "Moscow time, such as 9:00–13:00, 14:00–18:00. Empty: a day off."
        )
        found = "\n".join(f"{day:%d.%m.%Y}" for day in self.instance.holidays)
        self.fields["holidays_text"].initial = found

    def clean_holidays_text(self) -> list[date]:
        try:
            return list(hours.dates(self.cleaned_data["holidays_text"]))
        except HoursError as error:
            raise _said(error, DAY_FAULTS) from error

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for number, (name, _label) in enumerate(DAYS):
            try:
                self.spans[number] = hours.spans(values.get(name) or "")
            except HoursError as error:
                self.add_error(name, _said(error, FAULTS))
        wanted = values.get("first_minutes") or values.get("later_minutes")
        if wanted and not self.errors and not any(self.spans.values()):
            self.add_error(
                "monday",
                _("A target counts working time: name the hours of at least one day."),
            )
        return values

    def save(self, commit: bool = True) -> AnswerTarget:
        week = [[list(span) for span in self.spans[number]] for number in range(7)]
        self.instance.week = week
        self.instance.holidays = self.cleaned_data["holidays_text"]
        saved: AnswerTarget = super().save(commit)
        return saved


@admin.register(AnswerTarget)
class AnswerTargetAdmin(SellerAdmin):
    """One page: a shop has one calendar. A change moves every deadline at once."""

    area = roles.Area.SHOP
    form = AnswerTargetForm
    names = tuple(name for name, _label in DAYS)
    fieldsets = (
        (_("How soon"), {"fields": ("first_minutes", "later_minutes")}),
        (_("When the shop works"), {"fields": (*names, "holidays_text")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        kwargs["fields"] = AnswerTargetForm.Meta.fields
        return super().get_form(request, obj, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kw: Any) -> Any:
        """Lead to the shop's one row, or to the page that makes it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_queryset(request).first()
        if row:
            return redirect("admin:chats_answertarget_change", row.pk)
        if self.has_add_permission(request):
            return redirect("admin:chats_answertarget_add")
        return super().changelist_view(request, *args, **kw)

    def has_add_permission(self, request: HttpRequest) -> bool:
        may = super().has_add_permission(request)
        return may and not self.get_queryset(request).exists()

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        clocks.reset(obj.seller, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        clocks.reset(obj.seller, now=timezone.now())


def _said(error: HoursError, words: Any) -> forms.ValidationError:
    return forms.ValidationError(words[error.fault], params={"detail": error.detail})
