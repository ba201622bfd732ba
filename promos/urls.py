"""Routes of the promo side; the seller's desk itself is the admin."""

from django.urls import path

from agentiq.api import routes
from promos import alert_pages, api

app_name = "promos"
urlpatterns = [
    path("alerts/", alert_pages.pressing, name="pressing"),
    *routes("api/promo-codes", api.PromoCodes.as_view(), "codes"),
    *routes("api/promo-codes/analytics", api.PromoCodeAnalytics.as_view(), "analytics"),
    *routes("api/promo-codes/<str:id>", api.OnePromoCode.as_view(), "code"),
    *routes("api/sends", api.Sends.as_view(), "sends"),
    *routes("api/products", api.Products.as_view(), "products"),
    *routes("api/alerts", api.Alerts.as_view(), "alerts"),
    *routes("api/webhooks", api.Webhooks.as_view(), "webhooks"),
    *routes("api/webhooks/<str:id>", api.OneWebhook.as_view(), "webhook"),
    *routes("api/webhooks/<str:id>/deliveries", api.Deliveries.as_view(), "deliveries"),
    *routes("api/deliveries/<str:id>/replay", api.Replay.as_view(), "replay"),
    path("api/schema", api.SchemaYaml.as_view(), name="schema"),
    path("api/schema/", api.SchemaYaml.as_view()),
    path("api/schema.json", api.SchemaJson.as_view(), name="schema-json"),
    path("api/docs", api.docs, name="docs"),
    path("api/docs/", api.docs),
]
