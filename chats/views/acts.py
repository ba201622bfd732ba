"""Answering buyers: decide, write, take back, correct."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from agentiq.wb.records import Attachment as FileToSend
from chats import (
    composer,
    corrections,
    decisions,
    desk,
    live,
    reasons,
    refusing,
    revisions,
    tasks,
    vetting,
    wording,
)
from chats.access import writing
from chats.forms import CorrectionForm, DecisionForm, ReplyForm
from chats.models import (
    Analysis,
    Chat,
    Decision,
    Draft,
    Outgoing,
    Suggestion,
)
from chats.policy import outbound
from chats.refusing import Refused
from chats.views.showing import chat_context, chat_of, filters_of


@require_POST
@writing
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept, send without a code, or skip; the answer is the next chat."""
    suggestion = get_object_or_404(
        Suggestion.objects.select_related("chat", "promo_code"),
        pk=pk,
        seller=request.seller,  # type: ignore[attr-defined]
    )
    form = DecisionForm(request.POST, seller=request.seller)  # type: ignore[attr-defined]
    if not form.is_valid():
        return refused(request, suggestion.chat, Refused("no_key"))
    values = form.cleaned_data
    typed = Draft.objects.filter(chat=suggestion.chat, operator=request.user).first()
    try:
        decision = decisions.decide(
            suggestion, **_decided(values), **_who(request, values)
        )
    except Refused as refusal:
        return refused(request, suggestion.chat, refusal)
    if typed:  # words of one's own that were not sent stay
        composer.save_draft(
            suggestion.chat, request.user, typed.text, now=typed.updated_at
        )
    return acted(request, suggestion.chat, decision)


@require_POST
@writing
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the composer's text: an edited suggestion, or words of one's own."""
    chat = chat_of(request, pk)
    form = ReplyForm(request.POST, seller=request.seller)  # type: ignore[attr-defined]
    if not form.is_valid():
        return refused(request, chat, Refused("no_key"))
    values = form.cleaned_data
    said = {
        "text": values["text"].strip(),
        "promo_code": values["promo_code"],
    }
    suggestion = _edited(chat, values["suggestion"])
    try:
        said["files"] = _files(request)
        if suggestion:
            decision = decisions.decide(
                suggestion,
                kind="edit",
                with_code=values["promo_code"] is not None,
                **said,
                **_who(request, values),
            )
        else:
            decision = decisions.write(chat, **said, **_who(request, values))
    except Refused as refusal:
        return refused(request, chat, refusal)
    return acted(request, chat, decision)


@require_POST
@writing
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is being written, and say what in it may not leave."""
    chat = chat_of(request, pk)
    form = ReplyForm(request.POST, seller=request.seller)  # type: ignore[attr-defined]
    form.is_valid()
    now = timezone.now()
    text = form.cleaned_data.get("text", "")
    composer.save_draft(chat, request.user, text, now=now)
    found = ()
    if text.strip():
        code = form.cleaned_data.get("promo_code")
        found = vetting.vet(text.strip(), chat=chat, promo_code=code, now=now)
    return render(request, "chats/_check.html", _checked(found, text))


@require_POST
@writing
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a reply back while it still waits; its text returns to the draft."""
    outgoing = _outgoing(request, pk)
    taken = revisions.undo(outgoing, operator=request.user, now=timezone.now())
    live.bump(outgoing.seller_id)
    context = chat_context(request, chat_of(request, outgoing.chat_id))
    context["said"] = (
        _("Taken back. The text is in the reply field.")
        if taken
        else _("Too late: the reply is already on its way.")
    )
    response = render(request, "chats/_acted.html", context)
    response["HX-Push-Url"] = f"/chats/{outgoing.chat_id}/"
    return response


@require_POST
@writing
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide by hand about a reply that is stuck: send again, it arrived, it did not."""
    outgoing = _outgoing(request, pk)
    try:
        _settle(outgoing, request.POST.get("act", ""), request.user)
    except Refused as refusal:
        return refused(request, outgoing.chat, refusal)
    live.bump(outgoing.seller_id)
    transaction.on_commit(tasks.send_due.delay)
    context = chat_context(request, chat_of(request, outgoing.chat_id))
    return render(request, "chats/_acted.html", context)


@require_POST
@writing
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the buyer really meant: the chat moves, the analyser learns."""
    analysis = get_object_or_404(Analysis, pk=pk, seller=request.seller)  # type: ignore[attr-defined]
    form = CorrectionForm(request.POST)
    if form.is_valid():
        corrections.correct(
            analysis,
            intent=form.cleaned_data["intent"],
            sentiment=form.cleaned_data["mood"],
            flag=form.cleaned_data["flag"],
            operator=request.user,
            now=timezone.now(),
        )
        live.bump(analysis.seller_id)
    context = chat_context(request, chat_of(request, analysis.chat_id))
    context["said"] = _("Noted: the chat is sorted by your words, and we learn.")
    return render(request, "chats/_acted.html", context)


def acted(request: HttpRequest, chat: Chat, decision: Decision) -> HttpResponse:
    """Show what comes after an act: the next waiting chat, or the same one again."""
    live.bump(chat.seller_id)
    queued = decisions.queued_by(decision)
    if queued and queued.due_at <= timezone.now():  # later ones, beat's tick finds
        transaction.on_commit(tasks.send_due.delay)
    composer.count_use(decision, request.POST.get("saved", ""))
    shown: Chat | None = chat
    if request.POST.get("go_on"):
        shown = desk.following(
            request.seller,  # type: ignore[attr-defined]
            filters_of(request),
            operator_id=request.user.pk,
            but=chat,
            now=timezone.now(),
        )
    context: dict[str, Any] = {"chat": None}
    if shown:
        again = shown is chat  # what it was before the act
        context = chat_context(request, chat_of(request, chat.pk) if again else shown)
    context["acted"] = decision
    context["undoable"] = queued
    response = render(request, "chats/_acted.html", context)
    kept = request.POST.get("list", "")
    place = f"/chats/{shown.pk}/" if shown else "/"
    response["HX-Push-Url"] = f"{place}?{kept}" if kept else place
    return response


def refused(request: HttpRequest, chat: Chat, refusal: Refused) -> HttpResponse:
    """Say why nothing was done, what to change, and what is new in the chat."""
    context = {
        "chat": chat,
        "refusal": refusal,
        "text": refusal.message or reasons.say(refusal.code),
        "advice": [wording.advice(violation) for violation in refusal.violations],
        "form": "card-form" if request.POST.get("act") else "composer",
    }
    status = 409 if refusal.code in ("stale", "closed") else 422
    response = render(request, "chats/_refused.html", context, status=status)
    response["HX-Retarget"], response["HX-Reswap"] = "#refused", "outerHTML"
    return response


def _settle(outgoing: Outgoing, act: str, operator: Any) -> None:
    """Do what a person decided about a reply that is stuck. Raises Refused."""
    now = timezone.now()
    if outgoing.status == Outgoing.Status.COPIED:
        was_sent = act == "confirm"
        revisions.confirm_copy(outgoing, was_sent=was_sent, operator=operator, now=now)
    elif outgoing.status == Outgoing.Status.UNKNOWN:
        outcome = {"confirm": "sent", "retry": "retry"}.get(act, "drop")
        revisions.resolve_unknown(outgoing, outcome=outcome, operator=operator, now=now)
    else:
        revisions.retry(outgoing, operator=operator, now=now)


def _files(request: HttpRequest) -> tuple[FileToSend, ...]:
    """Return the chosen files; their size is known before they are read."""
    posted = request.FILES.getlist("files")
    if any(file.size > refusing.FILE_BYTES for file in posted):
        raise Refused("bad_file")
    return tuple(
        FileToSend(file.name, file.read(), file.content_type) for file in posted
    )


def _decided(values: dict[str, Any]) -> dict[str, Any]:
    """Return the act as decisions.decide takes it."""
    act, code = values["act"] or "accept", values["promo_code"]
    if act == "skip":
        return {
            "kind": "skip",
            "skip_reason": values["skip_reason"] or "other",
            "skip_note": values["skip_note"],
        }
    if act == "plain":
        return {"kind": "accept", "with_code": False}
    if code and values["text"]:  # another code than the suggested one
        return {"kind": "edit", "text": values["text"], "promo_code": code}
    return {"kind": "accept"}


def _who(request: HttpRequest, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "operator": request.user,
        "key": values["key"],
        "seen_event_id": values["seen"],
        "force": values["force"],
        "copy": values["copy"],
        "undo_seconds": request.membership.undo_seconds,  # type: ignore[attr-defined]
        "now": timezone.now(),
    }


def _edited(chat: Chat, pk: int | None) -> Suggestion | None:
    """Return the suggestion the text came from, while it is still to be decided."""
    if pk is None:
        return None
    return Suggestion.objects.open().filter(chat=chat, pk=pk).first()


def _outgoing(request: HttpRequest, pk: int) -> Outgoing:
    rows = Outgoing.objects.select_related("chat")
    return get_object_or_404(rows, pk=pk, seller=request.seller)  # type: ignore[attr-defined]


def _checked(found: Any, text: str) -> dict[str, Any]:
    return {
        "violations": [
            {"advice": wording.advice(one), "hard": one.hard} for one in found
        ],
        "blocked": outbound.blocks(found),
        "checked": bool(text.strip()),
    }
