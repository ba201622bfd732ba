"""What operators corrected, and where each version of the analyser errs."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from chats import corrections, labels
from chats.admin import words
from chats.corrections import Confusion
from chats.models import Correction
from promos.admin.base import FactAdmin

WORDS = {**labels.INTENTS, **labels.MOODS}


@admin.register(Correction)
class CorrectionAdmin(FactAdmin):
    """Each says what the buyer meant; the reading beside it stays as it was."""

    list_display = ("created_at", "read_as", "meant", "operator", "version")
    list_filter = (words.IntentFilter, words.MoodFilter)
    fields = (("created_at", "operator"), ("read_as", "meant"), "version")
    readonly_fields = ("read_as", "meant", "version")
    search_fields = ("analysis__message__text",)
    search_help_text = _("Words of the message")
    ordering = ("-pk",)
    list_select_related = ("analysis", "operator")
    actions_list = ("confusion",)

    @action(
        description=_("Where the analyser errs"),
        url_path="confusion",
        permissions=["view"],
    )
    def confusion(self, request: HttpRequest) -> HttpResponse:
        """Show readings against corrections, for one version at a time."""
        seller = request.seller  # type: ignore[attr-defined]
        known = corrections.versions(seller)
        asked = request.GET.get("version", "")
        version = asked if asked in known else next(iter(known), "")
        field = "sentiment" if request.GET.get("field") == "sentiment" else "intent"
        table = corrections.confusion(seller, version=version, field=field)
        context = self.admin_site.each_context(request) | {
            "title": gettext("Where the analyser errs"),
            "versions": known,
            "version": version,
            "field": field,
            "enough": corrections.ENOUGH,
            **_shown(table),
        }
        return render(request, "admin/chats/confusion.html", context)

    @admin.display(description=_("Read as"))
    def read_as(self, correction: Correction) -> str:
        reading = correction.analysis
        return _pair(reading.intent, reading.sentiment)

    @admin.display(description=_("Meant"))
    def meant(self, correction: Correction) -> str:
        said = _pair(correction.intent, correction.sentiment)
        if correction.flag == corrections.HARMLESS:
            return f"{said}, {gettext('Harmless')}"
        return f"{said}, {labels.flag(correction.flag)}" if correction.flag else said

    @admin.display(description=_("Version"))
    def version(self, correction: Correction) -> str:
        return correction.analysis.version


def _shown(table: Confusion) -> dict[str, Any]:
    """Return the table for the page: columns nobody chose are left out."""
    places = [
        place
        for place, label in enumerate(table.labels)
        if any(row.counts[place] or row.predicted == label for row in table.rows)
    ]
    rows = [
        {
            "label": WORDS[row.predicted],
            "cells": [
                (row.counts[place], table.labels[place] == row.predicted)
                for place in places
            ],
            "read": row.read,
            "corrected": row.corrected,
            "percent": row.percent,
        }
        for row in table.rows
    ]
    return {"columns": [WORDS[table.labels[place]] for place in places], "rows": rows}


def _pair(intent: str, sentiment: str) -> str:
    return f"{WORDS.get(intent, intent)}, {WORDS.get(sentiment, sentiment)}"
