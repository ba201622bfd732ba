"""The bell in the header: what presses now, for the person who looks."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from promos import alert_words
from promos.models import Alert, Channel, Membership

SHOWN = 10


@require_GET
@login_required
def pressing(request: HttpRequest) -> HttpResponse:
    """The alerts a person is told of in the app; JSON or a partial, as asked."""
    member = request.membership  # type: ignore[attr-defined]
    rows = _pressing(member)
    context = {"alerts": rows[:SHOWN], "count": len(rows)}
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse(context)
    return render(request, "promos/_alerts.html", context)


def _pressing(member: Membership | None) -> list[dict[str, str]]:
    """Return what presses, urgent first; nothing for a person without a shop."""
    if member is None:
        return []
    told = Alert.objects.pressing(timezone.now()).filter(
        seller=member.seller,
        deliveries__membership=member,
        deliveries__channel=Channel.APP,
    )
    order = {"critical": 0, "warning": 1, "info": 2}
    ordered = sorted(told, key=lambda row: (order[row.level], -row.pk))
    return [
        {
            "id": alert.pk,
            "level": alert.level,
            "title": alert_words.title(alert),
            "text": alert_words.body(alert),
            "link": alert.link,
            "raised_at": alert.raised_at.isoformat(),
        }
        for alert in ordered
    ]
