"""Who saves second is told what the first one changed."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminTextInputWidget,
)


class SeenForm(forms.ModelForm):
    """
    A form that knows which state of the row the person saw.

    Whoever saves second is told what changed in between, and nothing is lost:
    what they typed is still in the form.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    change_reason = forms.CharField(
        label=_("Why you change it"),
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Kept in the history beside your name."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "seen" in self.fields:
            self.fields["seen"].initial = self.instance.updated_at.isoformat()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk and self.data.get(self.add_prefix("seen")):
            self._check_nobody_was_faster()
        self.instance._change_reason = self.cleaned_data.get("change_reason", "")
        return cleaned

    def _check_nobody_was_faster(self) -> None:
        seen = self.data[self.add_prefix("seen")]
        stored = type(self.instance)._base_manager.get(pk=self.instance.pk)
        if stored.updated_at.isoformat() == seen:
            return
        newest = stored.history.first()
        self.add_error(
            None,
            gettext(
                "While you edited, %(who)s changed: %(what)s. Your input is still "
                "here; check it and save again."
            )
            % {"who": _who(newest), "what": _changes(stored, seen)},
        )
        self.data = self.data.copy()
        self.data[self.add_prefix("seen")] = stored.updated_at.isoformat()


def _who(record: Any) -> str:
    user = record.history_user if record else None
    return str(user) if user else gettext("the system")


def _changes(stored: Any, seen: str) -> str:
    """Return which fields changed since the person opened the form."""
    newest = stored.history.first()
    base = stored.history.filter(updated_at=datetime.fromisoformat(seen)).first()
    if not newest or not base or newest.pk == base.pk:
        return gettext("the row")
    shown = [
        f"{_label(stored, change.field)}: {change.old} → {change.new}"
        for change in newest.diff_against(base).changes
        if change.field != "updated_at"
    ]
    return "; ".join(shown) or gettext("the row")


def _label(stored: Any, field: str) -> str:
    return str(stored._meta.get_field(field).verbose_name)
