"""Machine words in the lists of the admin, as people read them."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chats import labels
from promos import sentences
from promos.rules.terms import UseCase

SOURCES: Mapping[str, Promise] = {
    "rusite": _("Site of WB"),
    "global": _("Site of WB"),
    "ios": _("App of WB, iOS"),
    "android": _("App of WB, Android"),
    "seller-portal": _("WB cabinet"),
    "seller-public-api": _("AgentIQ"),
}


def use_case(value: str) -> str:
    """Return a use case in words, a dash for none."""
    known = {case.value: text for case, text in sentences.USE_CASES.items()}
    return str(known.get(value, "—"))


class WordFilter(admin.SimpleListFilter):
    """A filter over a column of machine words, offered in words."""

    words: Mapping[str, Promise]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(str(word), text) for word, text in self.words.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in {str(word) for word in self.words}:
            return queryset
        return queryset.filter(**{self.parameter_name: self.value()})


class IntentFilter(WordFilter):
    title, parameter_name, words = _("Intent"), "intent", labels.INTENTS


class MoodFilter(WordFilter):
    title, parameter_name, words = _("Mood"), "sentiment", labels.MOODS


class TriggerIntentFilter(IntentFilter):
    parameter_name = "trigger_intent"


class TriggerMoodFilter(MoodFilter):
    parameter_name = "trigger_sentiment"


class SourceFilter(WordFilter):
    title, parameter_name, words = _("Written in"), "source", SOURCES


class UseCaseFilter(WordFilter):
    title, parameter_name = _("Use case"), "use_case"
    words = {case.value: sentences.USE_CASES[case] for case in UseCase}
