"""
The least Django pages that show the desk's rows, to measure the desk against.

A project of its own for gunicorn: two plain tables, the middleware of startproject,
a small template for each page, no translation and no filter beyond a date. It reads
the benchmark's database and its sessions, so that both are signed in alike. Each page
does what its twin at the desk is for, and nothing else:

- list: the forty most urgent chats with their last message;
- filter: the same of one intent, by an index made for it;
- search: chats with the words in a message, by the same full-text index;
- open: a chat with its last fifty messages and the answer proposed for it;
- poll: what is newest, as an ETag; 304 when the page has it already;
- reply: a form with CSRF, the message written and the chat moved in one transaction,
  then the next chat as ``open`` shows it.

No counts, presence, claims, undo, keys against double sending or checks of the text:
that is what the desk adds, and what the multiple is the price of.
"""

import os
from typing import Any

import environ
from django import forms
from django.conf import settings
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.core.wsgi import get_wsgi_application
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import condition

LIST = """<!doctype html><title>floor</title><ul>{% for chat in chats %}
<li><a href="/{{ chat.pk }}/">{{ chat.buyer }}</a> {{ chat.preview }}
{{ chat.due_at|date:"j b H:i" }} {{ chat.intent }} {{ chat.last.text }}</li>
{% endfor %}</ul>"""
OPEN = """<!doctype html><title>{{ chat.buyer }}</title><h1>{{ chat.buyer }}</h1>
{{ chat.due_at|date:"j b H:i" }}{% for message in messages %}
<p class="{% if message.ours %}ours{% endif %}">{{ message.sent_at|date:"j b H:i" }}
{{ message.text }}</p>{% endfor %}<blockquote>{{ chat.proposal }}</blockquote>
<form method="post" action="/reply/{{ chat.pk }}/">{% csrf_token %}
<textarea name="text"></textarea><button>Send</button></form>"""
PAGE, LAST, SEARCHED = 40, 50, 400

settings.configure(
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={
        "default": environ.Env.db_url_config(os.environ["DATABASE_URL"])
        | {"CONN_MAX_AGE": int(os.environ["DATABASE_CONN_MAX_AGE"])}
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.postgres",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    ROOT_URLCONF=__name__,
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.cached.Loader",
                        [
                            (
                                "django.template.loaders.locmem.Loader",
                                {"list": LIST, "open": OPEN},
                            )
                        ],
                    )
                ]
            },
        }
    ],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
application = get_wsgi_application()


class FloorChat(models.Model):
    buyer = models.TextField()
    preview = models.TextField()
    intent = models.TextField()
    proposal = models.TextField()
    due_at = models.DateTimeField()
    last = models.ForeignKey("FloorMessage", models.DO_NOTHING, related_name="+")

    class Meta:
        app_label = "floor"


class FloorMessage(models.Model):
    chat = models.ForeignKey(FloorChat, models.CASCADE, related_name="messages")
    text = models.TextField()
    ours = models.BooleanField()
    sent_at = models.DateTimeField()

    class Meta:
        app_label = "floor"


class ReplyForm(forms.Form):
    text = forms.CharField(max_length=1000)


def _signed_in(request: HttpRequest) -> bool:
    return bool(request.user.is_authenticated)


def listing(request: HttpRequest) -> HttpResponse:
    """The most urgent chats: all of them, of an intent, or with words in them."""
    if not _signed_in(request):
        return HttpResponse(status=403)
    rows: Any = FloorChat.objects.select_related("last").order_by("due_at", "pk")
    if intent := request.GET.get("intent"):
        rows = rows.filter(intent=intent)
    if words := request.GET.get("query"):
        vector = SearchVector("text", config="russian")
        query = SearchQuery(words, config="russian", search_type="websearch")
        found = FloorMessage.objects.annotate(words=vector).filter(words=query)
        rows = rows.filter(pk__in=found.values("chat_id")[:SEARCHED])
    return render(request, "list", {"chats": rows[:PAGE]})


def chat(request: HttpRequest, pk: int) -> HttpResponse:
    """A chat with its last messages."""
    if not _signed_in(request):
        return HttpResponse(status=403)
    return _open(request, get_object_or_404(FloorChat, pk=pk))


def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Write an answer down, and show the chat after it."""
    form = ReplyForm(request.POST)
    if not _signed_in(request) or not form.is_valid():
        return HttpResponse(status=403)
    text, now = form.cleaned_data["text"], timezone.now()
    with transaction.atomic():
        message = FloorMessage.objects.create(
            chat_id=pk, text=text, ours=True, sent_at=now
        )
        FloorChat.objects.filter(pk=pk).update(preview=text, last=message)
    following = FloorChat.objects.filter(pk__gt=pk).order_by("pk").first()
    return _open(request, following or FloorChat.objects.get(pk=pk))


def _newest(request: HttpRequest) -> str | None:
    if not _signed_in(request):
        return None
    newest = FloorMessage.objects.order_by("-pk").values_list("pk", flat=True).first()
    return f'"{newest}"'


@condition(etag_func=_newest)
def poll(request: HttpRequest) -> HttpResponse:
    """Whether there is anything new."""
    return HttpResponse(status=200 if _signed_in(request) else 403)


def _open(request: HttpRequest, found: FloorChat) -> HttpResponse:
    messages = list(found.messages.order_by("-sent_at", "-pk")[:LAST])[::-1]
    return render(request, "open", {"chat": found, "messages": messages})


urlpatterns = [
    path("", listing),
    path("chats/<int:pk>/", chat),
    path("reply/<int:pk>/", reply),
    path("poll/", poll),
]
