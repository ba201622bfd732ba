"""Who did what that matters stays written down."""

import uuid

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agentiq.testing import NOON, make_member
from promos import audit, sends
from promos.models import AuditEntry, Membership, Product

LIST = "admin:promos_auditentry_changelist"


@pytest.fixture
def desk(owner):
    client = Client()
    client.force_login(owner)
    return client


def written(*kinds):
    rows = AuditEntry.objects.filter(kind__in=kinds).order_by("pk")
    return [(row.subject, row.detail, row.actor) for row in rows]


def test_an_entry_is_neither_changed_nor_deleted(seller, owner):
    audit.record(seller, audit.Kind.SEND, "CARE10", by=owner, at=NOON)
    entry = AuditEntry.objects.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry.objects.update(subject="nothing")
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.delete()

    assert AuditEntry.objects.get().subject == "CARE10"


def test_an_entry_outlives_the_account(seller, operator):
    audit.record(seller, audit.Kind.EXPORT, by=operator, at=NOON)
    name = operator.username

    operator.delete()

    assert AuditEntry.objects.get().actor == name


def test_a_send_is_written_once(make_code, operator):
    code, key = make_code("CARE10"), uuid.uuid4()
    for _ in range(2):
        sends.record(
            promo_code=code,
            snapshot={},
            chat_id="1:chat",
            message_id="",
            sent_at=NOON,
            intent="thanks",
            sentiment="positive",
            use_case="UC1",
            nm_id=None,
            operator=operator,
            decision="accept",
            answer_seconds=None,
            key=key,
            auto_suggested=True,
            operator_approved=True,
        )

    assert written(audit.Kind.SEND) == [("CARE10", "1:chat", operator.username)]


def test_roles_keys_exceptions_and_exports_are_written(desk, seller, owner, make_code):
    person = make_member(seller, "operator", username="anna")
    member = Membership.objects.get(user=person)
    Product.objects.create(seller=seller, nm_id=4242)

    desk.post(
        reverse("admin:promos_membership_change", args=[member.pk]),
        {"role": "analyst", "is_active": "on", "undo_seconds": "5"},
    )
    desk.post(
        reverse("admin:promos_apikey_add"),
        {"name": "1C", "scopes": ["read"], "rate_per_minute": "60"},
    )
    desk.post(
        reverse("admin:promos_product_export"),
        {"format": "1", "resource": "0", "productresource_nm_id": "on"},
    )
    desk.post(reverse("admin:promos_seller_dry_run"), {"confirm": "on"})

    who = owner.username
    assert written(audit.Kind.PEOPLE) == [("anna", "Аналитик", who)]
    assert [row[2] for row in written(audit.Kind.KEYS)] == [who]
    assert [row[0] for row in written(audit.Kind.EXPORT)] == ["товары"]
    assert written(audit.Kind.MODE) == [(seller.name, "включён", who)]


@pytest.mark.parametrize(
    ("role", "status"), [("owner", 200), ("manager", 403), ("analyst", 403)]
)
def test_the_owner_reads_the_log_and_nobody_writes_in_it(seller, role, status):
    client = Client()
    client.force_login(make_member(seller, role, username=f"the-{role}"))
    audit.record(seller, audit.Kind.SEND, "CARE10", by=None, at=timezone.now())
    page = reverse("admin:promos_auditentry_change", args=[AuditEntry.objects.get().pk])

    assert client.get(reverse(LIST)).status_code == status
    assert client.post(page, {"subject": "x"}).status_code == 403
    assert client.get(reverse("admin:promos_auditentry_add")).status_code == 403
