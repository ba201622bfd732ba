"""Pages for machines that watch the installation, and one for the seller."""

import hmac

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from chats import health, resuming
from chats.access import may_manage, reading


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """503 when requests cannot be served; with ``?strict=1`` when anything is amiss."""
    report, serving, well = health.readiness(timezone.now())
    fine = well if request.GET.get("strict") else serving
    return JsonResponse(report, status=200 if fine else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text, for who knows METRICS_TOKEN; without one there is no page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    wanted = settings.METRICS_TOKEN
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Http404
    text = health.metrics(timezone.now())
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


@require_safe
@login_required
def status(request: HttpRequest) -> HttpResponse:
    """How the shop is doing, in plain words."""
    seller = request.seller  # type: ignore[attr-defined]
    if seller is None:
        raise Http404
    now = timezone.now()
    stopped = may_manage(request) and resuming.is_stopped(seller, now=now)
    context = {"shop": health.shop(seller, now), "can_resume": stopped}
    return render(request, "chats/status.html", context)


@require_POST
@reading
def resume(request: HttpRequest) -> HttpResponse:
    """Try WB again at once, for an owner or manager who says the cause is mended."""
    if not may_manage(request):
        raise PermissionDenied
    resuming.resume(request.seller, now=timezone.now())  # type: ignore[attr-defined]
    text = _("WB is asked again now. Look in a few seconds whether it answers.")
    messages.success(request, text)
    return redirect("chats:status")
