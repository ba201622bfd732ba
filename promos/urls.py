"""Routes of the promo side; the seller's desk itself is the admin."""

from django.urls import path

from agentiq.api import routes
from promos import account, alert_pages
from promos.api import alerts, analytics, codes, documents, hooks, shop

app_name = "promos"
urlpatterns = [
    path("account/", account.page, name="account"),
    path("account/shop/", account.shop, name="shop"),
    path("account/factor/", account.setup, name="factor"),
    path("account/factor/backup/", account.backup, name="factor_backup"),
    path("account/factor/off/", account.switch_off, name="factor_off"),
    path("alerts/", alert_pages.pressing, name="pressing"),
    *routes("api/promo-codes", codes.PromoCodes.as_view(), "codes"),
    *routes(
        "api/promo-codes/analytics", analytics.PromoCodeAnalytics.as_view(), "analytics"
    ),
    *routes("api/promo-codes/<str:id>", codes.OnePromoCode.as_view(), "code"),
    *routes("api/sends", analytics.Sends.as_view(), "sends"),
    *routes("api/products", shop.Products.as_view(), "products"),
    *routes("api/alerts", alerts.Alerts.as_view(), "alerts"),
    *routes("api/alerts/<str:id>", alerts.OneAlert.as_view(), "alert"),
    *routes("api/alerts/<str:id>/acknowledge", alerts.Acknowledge.as_view(), "ack"),
    *routes("api/alerts/<str:id>/snooze", alerts.Snooze.as_view(), "snooze"),
    *routes("api/alerts/<str:id>/assign", alerts.Assign.as_view(), "assign"),
    *routes("api/alerts/<str:id>/close", alerts.Close.as_view(), "close"),
    *routes("api/alerts/<str:id>/reopen", alerts.Reopen.as_view(), "reopen"),
    *routes("api/webhooks", hooks.Webhooks.as_view(), "webhooks"),
    *routes("api/webhooks/<str:id>", hooks.OneWebhook.as_view(), "webhook"),
    *routes(
        "api/webhooks/<str:id>/deliveries", hooks.Deliveries.as_view(), "deliveries"
    ),
    *routes("api/deliveries/<str:id>/replay", hooks.Replay.as_view(), "replay"),
    path("api/schema", documents.SchemaYaml.as_view(), name="schema"),
    path("api/schema/", documents.SchemaYaml.as_view()),
    path("api/schema.json", documents.SchemaJson.as_view(), name="schema-json"),
    path("api/docs", documents.docs, name="docs"),
    path("api/docs/", documents.docs),
]
