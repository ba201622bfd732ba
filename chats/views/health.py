"""Pages for machines that watch the installation, and one for the seller."""

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chats import health


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
    context = {"shop": health.shop(seller, timezone.now())}
    return render(request, "chats/status.html", context)
