"""Routes of the promo side; the seller's desk itself is the admin."""

from django.urls import URLPattern

app_name = "promos"
urlpatterns: list[URLPattern] = []
