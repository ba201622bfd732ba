"""Which shop a request is about: everything below runs in that seller's scope."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django_scopes import scope

from promos import members
from promos.models import Membership

GetResponse = Callable[[HttpRequest], HttpResponse]
SESSION_KEY = "seller"


class SellerMiddleware:
    """Sets ``request.seller`` and ``request.membership``; no membership, no scope."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        membership = current_membership(request)
        request.membership = membership  # type: ignore[attr-defined]
        request.seller = membership.seller if membership else None  # type: ignore[attr-defined]
        if membership is None:
            return self.get_response(request)
        with scope(seller=membership.seller):
            return self.get_response(request)


def current_membership(request: HttpRequest) -> Membership | None:
    """Return the membership the person works under: the one chosen, or the first."""
    if not request.user.is_authenticated:
        return None
    mine = getattr(request.user, "works", None)
    if mine is None:
        mine = members.working(request.user.pk)
    chosen = request.session.get(SESSION_KEY)
    memberships = sorted(mine, key=lambda row: (row.seller_id != chosen, row.pk))
    return memberships[0] if memberships else None


class AdminPolicyMiddleware:
    """
    Relaxes the content policy for the admin, and for nothing else.

    unfold draws its pages with Alpine, whose expressions are compiled in the
    browser ('unsafe-eval'), and themes them with a <style> element and style
    attributes ('unsafe-inline' for styles). Inline scripts stay forbidden.
    """

    RELAXED = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        # Pages of other apps below admin/ are drawn by unfold too.
        if match is not None and match.route.startswith("admin/"):
            response._csp_update = self.RELAXED  # type: ignore[attr-defined]
        return response
