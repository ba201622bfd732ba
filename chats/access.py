"""Who may open the desk, and who may write in it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from promos.models import Membership

View = Callable[..., HttpResponse]
WRITERS = frozenset(
    {Membership.Role.OWNER, Membership.Role.MANAGER, Membership.Role.OPERATOR}
)
MANAGERS = frozenset({Membership.Role.OWNER, Membership.Role.MANAGER})


def may_write(request: HttpRequest) -> bool:
    """Say whether the person's role lets them answer buyers and change chats."""
    membership = request.membership  # type: ignore[attr-defined]
    return membership is not None and membership.role in WRITERS


def may_manage(request: HttpRequest) -> bool:
    """Say whether the person answers for the shop's keys and money."""
    membership = request.membership  # type: ignore[attr-defined]
    return membership is not None and membership.role in MANAGERS


def reading(view: View) -> View:
    """Let members of a shop in; others sign in or read whom to ask."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.seller is None:  # type: ignore[attr-defined]
            return _no_shop(request)
        return view(request, *args, **kwargs)

    return guarded


def writing(view: View) -> View:
    """Let in those whose role may answer; an analyst only reads."""

    @reading
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_write(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def _no_shop(request: HttpRequest) -> HttpResponse:
    context = {
        "heading": _("No shop yet"),
        "text": _("Your account is not a member of any shop. Ask the owner to add it."),
    }
    return render(request, "message.html", context, status=403)
