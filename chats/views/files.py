"""Attachments of buyers, passed on from WB to those who may see the chat."""

from contextlib import closing

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from agentiq.marketplace import NotConnected, connect
from agentiq.wb.errors import WbDownloadBlocked, WbError
from agentiq.wb.records import DownloadPending
from chats.access import reading
from chats.models import Attachment

SHOWN = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"%PDF-": "application/pdf",
}
"""What a browser may open, told by its first bytes; the rest is only saved."""


@require_GET
@reading
def attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """The file itself, or why there is none (yet)."""
    row = get_object_or_404(Attachment, pk=pk, seller=request.seller)  # type: ignore[attr-defined]
    try:
        with closing(connect(request.seller)) as client:  # type: ignore[attr-defined]
            got = client.download(row.download_id)
    except WbDownloadBlocked:
        return _without(request, row, "blocked", 451)
    except (WbError, NotConnected):
        return _without(request, row, row.state, 502)
    if isinstance(got, DownloadPending):
        response = _without(request, row, "pending", 202)
        response["Retry-After"] = str(int(got.retry_seconds) or 1)
        return response
    _keep(row, "")
    return _file(row, got.content)


def _file(row: Attachment, content: bytes) -> HttpResponse:
    """Return the bytes under the type they have, never under the one they claim."""
    kind = next((t for head, t in SHOWN.items() if content.startswith(head)), "")
    response = HttpResponse(content, content_type=kind or "application/octet-stream")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    name = row.name or f"{row.download_id}.{kind.rpartition('/')[2] or 'bin'}"
    disposition = content_disposition_header(not kind.startswith("image/"), name)
    response["Content-Disposition"] = disposition or "attachment"
    return response


def _without(
    request: HttpRequest, row: Attachment, state: str, status: int
) -> HttpResponse:
    words = {
        202: _("WB is still checking this file. Try again in half a minute."),
        451: _("WB removed this file: it did not pass the check."),
        502: _("WB does not hand out the file now. Try again in a minute."),
    }
    if status != 502:
        _keep(row, state)
    context = {"heading": _("No file yet"), "text": words[status]}
    context["back"] = f"/chats/{row.message.chat_id}/"
    if status == 451:
        context["heading"] = _("The file was removed")
    return render(request, "message.html", context, status=status)


def _keep(row: Attachment, state: str) -> None:
    if row.state != state:
        row.state = state
        row.save(update_fields=["state"])
