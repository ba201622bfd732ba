"""
The record of acts that matter: sign-ins, sends, exceptions, exports, roles, keys.

Whoever does such an act writes it down in the same transaction, so neither exists
without the other. Nobody edits the record: there is no form for it, and a trigger
refuses changes made past the forms.
"""

from datetime import datetime
from typing import Any

from axes.helpers import get_client_ip_address
from django.http import HttpRequest
from django.utils import timezone

from promos.models import AuditEntry, Membership, Seller

Kind = AuditEntry.Kind


def record(
    seller: Seller | int,
    kind: str,
    subject: object = "",
    *,
    by: Any,
    at: datetime,
    detail: str = "",
    address: str | None = None,
) -> None:
    """Write down one act; ``by`` is a person, a bare name, or None for AgentIQ itself."""
    AuditEntry(
        seller_id=seller if isinstance(seller, int) else seller.pk,
        at=at,
        kind=kind,
        subject=str(subject)[:200],
        detail=detail[:500],
        actor=(by if isinstance(by, str) else by.get_username() if by else "")[:150],
        actor_pk=getattr(by, "pk", None),
        address=address,
    ).save()


def of_request(
    request: HttpRequest, kind: str, subject: object = "", detail: str = ""
) -> None:
    """Write down what the request does, in its shop and under its person."""
    record(
        request.seller,  # type: ignore[attr-defined]
        kind,
        subject,
        by=request.user,
        at=timezone.now(),
        detail=detail,
        address=get_client_ip_address(request),
    )


def of_person(request: HttpRequest, user: Any, kind: str, detail: str = "") -> None:
    """Write down an act on an account in every shop the person works in."""
    mine = Membership.objects.filter(user=user, is_active=True).select_related("seller")
    for membership in mine:
        record(
            membership.seller,
            kind,
            user.get_username(),
            by=user,
            at=timezone.now(),
            detail=detail,
            address=get_client_ip_address(request),
        )
