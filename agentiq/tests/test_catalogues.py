"""Every text a person reads is in Russian, and the compiled catalogues say the same."""

from pathlib import Path

import polib
import pytest

BASE = Path(__file__).resolve().parents[2]
CATALOGUES = sorted(
    path.relative_to(BASE)
    for folder in ("agentiq", "promos", "chats", "templates")
    for path in (BASE / folder).rglob("locale/ru/LC_MESSAGES/django.po")
)


def test_both_apps_have_a_russian_catalogue():
    assert {path.parts[0] for path in CATALOGUES} >= {"promos", "chats"}


@pytest.mark.parametrize("path", CATALOGUES, ids=str)
def test_every_text_is_translated(path):
    catalogue = polib.pofile(str(BASE / path))

    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=str)
def test_the_compiled_catalogue_is_up_to_date(path):
    written = polib.pofile(str(BASE / path))
    compiled = polib.mofile(str((BASE / path).with_suffix(".mo")))

    assert _texts(compiled) == _texts(written)


def _texts(catalogue):
    return {
        (entry.msgctxt, entry.msgid): entry.msgstr or entry.msgstr_plural
        for entry in catalogue
        if not entry.obsolete
    }
