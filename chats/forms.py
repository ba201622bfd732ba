"""What the desk's pages post."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from chats import corrections, desk, labels, reasons
from chats.desk import Filters
from chats.models import Note, Presence
from promos.models import Membership, PromoCode
from promos.rules.days import day_start, moscow_date


class FilterForm(forms.Form):
    """The list's filters; what is not known filters nothing."""

    scope = forms.ChoiceField(choices=[(s, s) for s in desk.SCOPES], required=False)
    intent = forms.ChoiceField(
        label=_("Intent"),
        required=False,
        choices=[("", _("any")), *labels.INTENTS.items()],
    )
    mood = forms.ChoiceField(
        label=_("Mood"), required=False, choices=[("", _("any")), *labels.MOODS.items()]
    )
    nm_id = forms.IntegerField(
        label=_("WB article (nmID)"), required=False, min_value=1, max_value=10**18
    )
    tag = forms.CharField(label=_("Tag"), required=False, max_length=40)
    query = forms.CharField(label=_("Search"), required=False, max_length=200)
    operator = forms.IntegerField(required=False, min_value=1)
    code = forms.CharField(required=False, max_length=50)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)

    def filters(self) -> Filters:
        """Return the filters that were understood; the others do not apply."""
        self.is_valid()
        values = {name: value for name, value in self.cleaned_data.items() if value}
        return Filters(**values)


class ReplyForm(forms.Form):
    """A text for the buyer, and the act it is: ``key`` makes a double click one."""

    key = forms.UUIDField()
    seen = forms.CharField(required=False, max_length=100)
    text = forms.CharField(required=False, max_length=10_000, strip=False)
    suggestion = forms.IntegerField(required=False)
    promo_code = forms.ModelChoiceField(PromoCode.objects.none(), required=False)
    force = forms.BooleanField(required=False)
    copy = forms.BooleanField(required=False)

    def __init__(self, *args: Any, seller: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = PromoCode.objects.filter(seller=seller)
        self.fields["promo_code"].queryset = codes


class DecisionForm(ReplyForm):
    """Accept, send without a code, or skip with a reason."""

    act = forms.ChoiceField(
        choices=[("accept", ""), ("plain", ""), ("skip", "")], required=False
    )
    skip_reason = forms.ChoiceField(
        required=False, choices=[("", ""), *reasons.SKIPS.items()]
    )
    skip_note = forms.CharField(required=False, max_length=300)


class CorrectionForm(forms.Form):
    """What the buyer really meant."""

    intent = forms.ChoiceField(choices=list(labels.INTENTS.items()))
    mood = forms.ChoiceField(choices=list(labels.MOODS.items()))
    flag = forms.ChoiceField(
        choices=[(corrections.HARMLESS, ""), *labels.FLAGS.items()], required=False
    )


class NoteForm(forms.ModelForm):
    class Meta:
        model = Note
        fields = ("text",)


class PresenceForm(forms.Form):
    chat = forms.IntegerField(required=False)
    state = forms.ChoiceField(choices=Presence.State)


class BulkForm(forms.Form):
    """One change of many chats."""

    MOST = 200

    act = forms.ChoiceField(
        choices=[
            (word, "") for word in ("assign", "snooze", "wake", "tag", "rate", "unrate")
        ]
    )
    chats = forms.MultipleChoiceField(required=False)
    assignee = forms.ModelChoiceField(Membership.objects.none(), required=False)
    hours = forms.IntegerField(required=False, min_value=1, max_value=24 * 60)
    tag = forms.CharField(required=False, max_length=40)
    rated_on = forms.DateField(required=False)

    def __init__(self, *args: Any, seller: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Membership.objects.filter(seller=seller, is_active=True)
        self.fields["assignee"].queryset = members
        posted = self.data.getlist("chats") if hasattr(self.data, "getlist") else []
        self.fields["chats"].choices = [(pk, pk) for pk in posted if pk.isdecimal()]

    def clean_chats(self) -> list[int]:
        chats = [int(pk) for pk in self.cleaned_data["chats"]]
        if len(chats) > self.MOST:
            raise forms.ValidationError(
                _("At most %(most)s chats at once."), params={"most": self.MOST}
            )
        return chats

    def rated_at(self, now: datetime) -> datetime:
        """Return when the rating was left; of a day only its start is safe to assume."""
        day = self.cleaned_data["rated_on"]
        return day_start(day) if day and day != moscow_date(now) else now

    def for_hours(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["hours"] or 3)
