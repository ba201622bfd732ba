"""Every page of the admin, for two shops at once: the other one does not exist."""

import io
import uuid
import zipfile
from datetime import timedelta

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.serializers import serialize
from django.test import Client
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from agentiq import crypto
from agentiq.testing import NOON, make_member, make_seller
from chats import models as chats
from promos import apikeys, roles, webhooks
from promos import models as promos
from promos.admin.base import SellerAdmin
from promos.models import Membership, Seller

MARK = "Чужое-и-тайное"
NAMED = "Чужое"  # finds the mark without being it: a page repeats what was asked
# Of the installation, not of a shop: its keeper alone sees them.
KEEPERS = {"auth", "axes"}
ADMINS = {
    model: model_admin
    for model, model_admin in admin.site._registry.items()
    if model._meta.app_label not in KEEPERS
}
# Their numbers are WB's, asked with the shop's own token; no row of ours is named.
WB_NUMBERS = {"promos_product_action", "promos_product_upload"}
each_admin = pytest.mark.parametrize("model", ADMINS, ids=lambda it: it._meta.label)


def stock(seller, mark):
    """One row of every model of the admin, recognisable by ``mark``."""
    member = Membership.objects.get(seller=seller)
    with scope(seller=seller):
        rows = _promos(seller, member, mark) | _chats(seller, member, mark)
    return rows | {Seller: seller, Membership: member}


def _promos(seller, member, mark):
    end = NOON + timedelta(days=13)
    code = promos.PromoCode.objects.create(
        seller=seller,
        code=f"CODE{seller.pk}",
        description=mark,
        discount_percent=10,
        starts_at=NOON - timedelta(days=1),
        expires_at=end,
    )
    key, _ = apikeys.issue(seller, name=mark, scopes=["read"], by=None)
    hook, _ = webhooks.register(seller, url=f"https://example.com/{mark}", by=None)
    webhooks.emit(seller, "message.sent", {"mark": mark}, mark[:90])
    alert = promos.Alert.objects.create(
        seller=seller,
        kind="code_expires",
        level="warning",
        params={"code": mark, "days": 3, "last": "2026-03-05", "bare": []},
        link=f"/{mark}/",
        raised_at=NOON,
        last_seen_at=NOON,
    )
    return {
        promos.PromoCode: code,
        promos.Product: promos.Product.objects.create(
            seller=seller, nm_id=1000 + seller.pk, title=mark
        ),
        promos.PromoCodeSend: promos.PromoCodeSend.objects.create(
            seller=seller,
            promo_code=code,
            chat_id=mark,
            sent_at=NOON,
            outgoing_key=uuid.uuid4(),
        ),
        promos.WbToken: promos.WbToken.objects.create(
            seller=seller,
            sealed_token=crypto.seal("not-a-token"),
            kind="personal",
            categories=[9],
            token_id=mark,
        ),
        promos.ApiKey: key,
        promos.Webhook: hook,
        promos.WebhookDelivery: promos.WebhookDelivery.objects.get(webhook=hook),
        promos.Alert: alert,
        promos.AuditEntry: promos.AuditEntry.objects.create(
            seller=seller, at=NOON, kind="send", subject=mark, actor=mark
        ),
        promos.AlertDelivery: promos.AlertDelivery.objects.create(
            seller=seller,
            alert=alert,
            channel="email",
            membership=member,
            due_at=NOON,
            problem=mark,
        ),
        promos.NotificationRule: promos.NotificationRule.objects.create(
            seller=seller, membership=member, kind="code_expires", channel="email"
        ),
        promos.NotificationSettings: promos.NotificationSettings.objects.create(
            seller=seller, membership=member
        ),
        promos.TelegramBot: promos.TelegramBot.objects.create(
            seller=seller, username=mark, sealed_token=crypto.seal("x")
        ),
        promos.TelegramLink: promos.TelegramLink.objects.create(
            seller=seller, membership=member, secret=f"s{seller.pk}"
        ),
    }


def _chats(seller, member, mark):
    chat = chats.Chat.objects.create(
        seller=seller, wb_chat_id=f"1:{mark}", buyer_name=mark, preview=mark, nm_id=777
    )
    message = chats.Message.objects.create(
        seller=seller,
        chat=chat,
        event_id=f"event-{seller.pk}",
        sender="client",
        text=mark,
        added_at=NOON,
    )
    analysis = chats.Analysis.objects.create(
        seller=seller,
        chat=chat,
        message=message,
        intent="thanks",
        sentiment="positive",
        scenario="UC1",
        intent_confidence=1,
        sentiment_confidence=1,
        scenario_confidence=1,
        confident=True,
        reading={},
        version=mark,
    )
    suggestion = chats.Suggestion.objects.create(
        seller=seller, chat=chat, analysis=analysis, event_id="e", text=mark
    )
    decision = chats.Decision.objects.create(
        seller=seller,
        chat=chat,
        suggestion=suggestion,
        key=uuid.uuid4(),
        kind="accept",
        text=mark,
        operator=member.user,
        decided_at=NOON,
    )
    outgoing = chats.Outgoing.objects.create(
        seller=seller,
        chat=chat,
        decision=decision,
        key=uuid.uuid4(),
        text=mark,
        operator=member.user,
        due_at=NOON,
    )
    return {
        chats.Chat: chat,
        chats.Message: message,
        chats.Suggestion: suggestion,
        chats.Decision: decision,
        chats.Outgoing: outgoing,
        chats.Attempt: chats.Attempt.objects.create(
            seller=seller, outgoing=outgoing, started_at=NOON, detail=mark
        ),
        chats.Correction: chats.Correction.objects.create(
            seller=seller,
            analysis=analysis,
            intent="thanks",
            sentiment="neutral",
            operator=member.user,
        ),
        chats.SavedReply: chats.SavedReply.objects.create(
            seller=seller, title=mark, text=mark
        ),
        chats.ReplyTemplate: chats.ReplyTemplate.objects.create(
            seller=seller, intent="thanks", sentiment="positive", text=mark
        ),
        chats.WordingProposal: chats.WordingProposal.objects.create(
            seller=seller,
            variant=mark,
            before=mark,
            after=mark,
            added=mark,
            edits=1,
            created_at=NOON,
        ),
        chats.AutoSend: chats.AutoSend.objects.create(seller=seller),
        chats.AnswerTarget: chats.AnswerTarget.objects.create(seller=seller),
    }


@pytest.fixture
def ours(seller, owner):
    return stock(seller, "наше")


@pytest.fixture
def theirs(db):
    other = make_seller(MARK)
    make_member(other, "owner", username=f"{MARK}-owner")
    return stock(other, MARK)


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


def url(model, name, *args):
    label = f"{model._meta.app_label}_{model._meta.model_name}"
    return reverse(f"admin:{label}_{name}", args=args)


def pages(model, row):
    """Every address of the model's admin: its name, itself, whether it names a row."""
    for pattern in ADMINS[model].get_urls():
        if not pattern.name:
            continue
        count = len(pattern.pattern.converters) or pattern.pattern.regex.groups
        args = [row.pk, 1][:count]
        page = reverse(f"admin:{pattern.name}", args=args)
        yield pattern.name, page, bool(count)


def stored(row):
    with scopes_disabled():
        found = type(row)._base_manager.filter(pk=row.pk)
        return serialize("json", found)


@each_admin
def test_the_admin_is_held_to_its_shop(model):
    assert isinstance(ADMINS[model], SellerAdmin)


@each_admin
def test_no_page_of_the_owner_fails(desk, ours, model):
    """An upgrade of the admin's packages cannot break a page unseen."""
    row = ours[model]
    shown = {name: page for name, page, _ in pages(model, row)}
    if hasattr(row, "history"):
        version = row.history.first().pk
        shown["a past one"] = url(model, "simple_history", row.pk, version)

    answers = {}
    for name, page in shown.items():
        if not name.endswith("simple_history"):
            answer = desk.get(page, follow=True)
            answers[name] = answer.status_code
            # A page inside a page loads every script twice.
            assert answer.content.decode(errors="replace").count("<html") < 2, name

    assert set(answers.values()) <= {200, 403, 404, 405}, answers
    names = model._meta.model_name
    for name, status in answers.items():
        if name.endswith(("changelist", f"{names}_change", "_history", "a past one")):
            assert status == 200, name


def words(answer):
    """What an answer says; of an archive, what its files say."""
    if not answer.streaming:
        return answer.content.decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        return " ".join(archive.read(it).decode() for it in archive.namelist())


@each_admin
def test_another_shop_does_not_exist(desk, ours, theirs, model):
    """Every address of every model, named with a row of the other shop."""
    row, before = theirs[model], stored(theirs[model])

    for name, page, names_a_row in pages(model, row):
        for answer in (desk.get(page), desk.post(page, {"_save": "1", "post": "yes"})):
            assert MARK not in words(answer), name
            if names_a_row and name not in WB_NUMBERS:
                assert answer.status_code in (403, 404, 405), name
    assert stored(row) == before


@each_admin
def test_no_search_filter_or_action_reaches_another_shop(desk, ours, theirs, model):
    page, row = url(model, "changelist"), theirs[model]
    before = stored(row)
    model_admin = ADMINS[model]
    actions = {*model_admin.actions, "delete_selected"} if model_admin.actions else {}

    asked = [{"q": NAMED}, {"all": ""}, {"id__exact": row.pk}]
    asked += [{f"{name}__id__exact": theirs[to].pk} for name, to in _keys(model)]
    shown = [desk.get(page, ask, follow=True) for ask in asked]
    for action in actions:
        chosen = {"action": action, "_selected_action": [row.pk], "post": "yes"}
        shown.append(desk.post(page, chosen | {"select_across": "0"}, follow=True))
        shown.append(desk.post(page, chosen | {"select_across": "1"}, follow=True))

    assert not [it for it in shown if MARK in it.content.decode()]
    assert stored(row) == before


def _keys(model):
    """The model's fields that lead to other models of the admin."""
    return [
        (field.name, field.remote_field.model)
        for field in model._meta.fields
        if field.remote_field and field.remote_field.model in ADMINS
    ]


@each_admin
def test_choices_and_autocompletes_offer_no_row_of_another_shop(
    rf, desk, ours, theirs, owner, model
):
    model_admin = ADMINS[model]
    request = rf.get("/admin/")
    request.user, request.seller = owner, ours[Seller]
    request.membership = ours[Membership]
    with scope(seller=ours[Seller]):
        made = [model_admin.get_form(request, ours[model], change=True)]
        if model_admin.has_add_permission(request):
            made.append(model_admin.get_form(request, change=False))
        offered = [
            str(row)
            for form in made
            for field in form.base_fields.values()
            if isinstance(field, forms.ModelChoiceField)
            for row in field.queryset
        ]
    asked = {"app_label": model._meta.app_label, "model_name": model._meta.model_name}
    for field in model._meta.fields:
        if field.remote_field:
            ask = asked | {"field_name": field.name, "term": ""}
            answer = desk.get(reverse("admin:autocomplete"), ask)
            if answer.status_code == 200:
                offered += [it["text"] for it in answer.json()["results"]]

    shown = " ".join(offered)
    assert MARK not in shown
    assert f"CODE{theirs[Seller].pk}" not in shown


@pytest.mark.parametrize("model", [promos.PromoCode, promos.Product])
@pytest.mark.parametrize("chosen", ["1", "0"], ids=["csv", "xlsx"])
def test_an_export_holds_no_row_of_another_shop(desk, ours, theirs, model, chosen):
    fields = ADMINS[model].resource_classes[0].Meta.fields
    resource = ADMINS[model].resource_classes[0].__name__.lower()
    form = {"format": chosen, "resource": "0", "export_items": [theirs[model].pk]}
    form |= {f"{resource}_{name}": "on" for name in fields}

    answer = desk.post(url(model, "export"), form)

    written = answer.content.decode(errors="replace")
    assert answer.status_code == 200
    assert MARK not in written
    assert str(1000 + theirs[Seller].pk) not in written
    assert f"CODE{theirs[Seller].pk}" not in written


@pytest.mark.parametrize("role", list(Membership.Role))
def test_what_a_role_may_do_is_the_table(seller, ours, role):
    person = make_member(seller, role, username=f"the-{role}")
    get_user_model().objects.filter(pk=person.pk).update(is_staff=True)
    client = Client()
    client.force_login(person)
    mine = Membership.objects.get(user=person)

    # A list of one row may lead straight to it.
    opened = {200, 302}
    reads = {m: client.get(url(m, "changelist")).status_code in opened for m in ADMINS}
    adds = {m: client.get(url(m, "add")).status_code == 200 for m in ADMINS}

    areas = {model: model_admin.area for model, model_admin in ADMINS.items()}
    assert reads == {m: roles.may_read(mine, area) for m, area in areas.items()}
    assert not [m for m in ADMINS if adds[m] and not roles.may_edit(mine, areas[m])]


def test_the_keepers_pages_are_not_the_owners(desk, ours):
    for model in admin.site._registry:
        if model._meta.app_label in KEEPERS:
            assert desk.get(url(model, "changelist")).status_code == 403
