"""Notes, putting off, assigning and tagging: one chat or many."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from chats import live, work
from chats.access import writing
from chats.forms import BulkForm, NoteForm
from chats.views.showing import chat_of


@require_POST
@writing
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """A remark for colleagues; nothing here leads to the buyer."""
    chat = chat_of(request, pk)
    form = NoteForm(request.POST)
    if form.is_valid():
        form.instance.seller = request.seller  # type: ignore[attr-defined]
        form.instance.chat, form.instance.author = chat, request.user
        form.save()
        live.bump(chat.seller_id)
    notes = list(chat.notes.select_related("author").order_by("pk"))
    context = {"chat": chat, "notes": notes, "can_write": True, "note_form": form}
    return render(request, "chats/_notes.html", context)


@require_POST
@writing
def bulk(request: HttpRequest) -> HttpResponse:
    """One change of up to 200 chats, with a way back."""
    form = BulkForm(request.POST, seller=request.seller)  # type: ignore[attr-defined]
    if not form.is_valid():
        errors = [error for found in form.errors.values() for error in found]
        context = {"said": " ".join(errors)}
        return render(request, "chats/_said.html", context, status=422)
    values, now = form.cleaned_data, timezone.now()
    who = {"seller": request.seller, "operator": request.user, "now": now}  # type: ignore[attr-defined]
    chats = values["chats"]
    if values["act"] == "assign":
        person = values["assignee"].user if values["assignee"] else None
        person = request.user if "to_me" in request.POST else person
        batch = work.assign(chats, person, **who)
    elif values["act"] == "snooze":
        batch = work.snooze(chats, now + form.for_hours(), **who)
    elif values["act"] == "wake":
        batch = work.wake(chats, **who)
    elif values["act"] in ("rate", "unrate"):
        rated_at = form.rated_at(now) if values["act"] == "rate" else None
        batch = work.rate_low(chats, rated_at, **who)
    else:
        batch = work.tag(chats, values["tag"], **who)
    said = ngettext("%(n)s chat changed.", "%(n)s chats changed.", len(chats))
    context = {"said": said % {"n": len(chats)}, "batch": batch}
    response = render(request, "chats/_said.html", context)
    response["HX-Trigger"] = "desk:changed"
    return response


@require_POST
@writing
def bulk_undo(request: HttpRequest, batch: UUID) -> HttpResponse:
    """Put the chats of one change back as they were."""
    work.undo(request.seller, batch, operator=request.user, now=timezone.now())  # type: ignore[attr-defined]
    response = render(request, "chats/_said.html", {"said": _("Taken back.")})
    response["HX-Trigger"] = "desk:changed"
    return response
