"""The seller reads Russian: no label of the admin is left in machine words."""

import re

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten, flatten_fieldsets, label_for_field
from django.db import models
from django.utils import translation

OURS = [it for it in admin.site._registry if it._meta.app_label in ("promos", "chats")]
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
NAMES = {"Telegram", "URL", ""}


def shown(model):
    """Names of what the list and the page of a row show."""
    model_admin = admin.site._registry[model]
    names = [*model_admin.list_display]
    if model_admin.fieldsets:
        names += flatten_fieldsets(model_admin.fieldsets)
    elif model_admin.fields:
        names += flatten(model_admin.fields)
    elif hasattr(model_admin.form, "_meta"):
        names += model_admin.form._meta.fields
    else:
        left_out = {"id", *(model_admin.exclude or ())}
        names += [it.name for it in model._meta.fields if it.editable]
        names = [name for name in names if name not in left_out]
    return dict.fromkeys(names)


@pytest.mark.parametrize("model", OURS, ids=lambda it: it._meta.label)
def test_every_label_is_russian(model):
    with translation.override("ru"):
        found = {}
        for name in shown(model):
            try:
                found[name] = str(
                    label_for_field(name, model, admin.site._registry[model])
                )
            except AttributeError:
                continue  # a field of the form alone; its label is in the catalogue
    foreign = {k: v for k, v in found.items() if not CYRILLIC.search(v)}
    assert {k for k, v in foreign.items() if v not in NAMES} == set(), foreign


@pytest.mark.parametrize("model", OURS, ids=lambda it: it._meta.label)
def test_a_row_has_a_name(model):
    assert model.__str__ is not models.Model.__str__
