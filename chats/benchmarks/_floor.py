"""
The least Django page that shows the desk's rows, to measure the desk against.

A project of its own for gunicorn: two plain tables, the middleware of startproject,
a small template. It reads the benchmark's database and its sessions.
"""

import os
from typing import Any

import environ
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import path

TEMPLATE = """<!doctype html><title>floor</title><ul>{% for chat in chats %}
<li><a href="/{{ chat.pk }}/">{{ chat.buyer }}</a> {{ chat.preview }}
{{ chat.due_at|date:"j b H:i" }} {{ chat.last.text }}</li>{% endfor %}</ul>"""

settings.configure(
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={
        "default": environ.Env.db_url_config(os.environ["DATABASE_URL"])
        | {"CONN_MAX_AGE": 60}
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
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
                    ("django.template.loaders.locmem.Loader", {"floor": TEMPLATE})
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
    due_at = models.DateTimeField()
    last = models.ForeignKey("FloorMessage", models.DO_NOTHING)

    class Meta:
        app_label = "floor"


class FloorMessage(models.Model):
    text = models.TextField()

    class Meta:
        app_label = "floor"


def page(request: HttpRequest) -> HttpResponse:
    """The forty most urgent chats with their last message, for who is signed in."""
    from django.shortcuts import render

    if not request.user.is_authenticated:
        return HttpResponse(status=403)
    rows: Any = FloorChat.objects.select_related("last").order_by("due_at", "pk")
    return render(request, "floor", {"chats": rows[:40]})


urlpatterns = [path("", page)]
