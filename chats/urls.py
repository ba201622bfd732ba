"""Routes of the operator's desk."""

from django.urls import URLPattern

app_name = "chats"
urlpatterns: list[URLPattern] = []
