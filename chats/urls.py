"""Routes of the operator's desk and of the API of chats."""

from django.urls import URLPattern, path

from agentiq.api import routes
from chats import api
from chats.views import health
from promos.api import Nothing

app_name = "chats"
desk: list[URLPattern] = []
urlpatterns = [
    *desk,
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("status/", health.status, name="status"),
    *routes("api/chats", api.Chats.as_view(), "api-chats"),
    *routes("api/chats/<str:id>", api.OneChat.as_view(), "api-chat"),
    *routes("api/chats/<str:id>/messages", api.Messages.as_view(), "api-messages"),
    *routes(
        "api/chats/<str:id>/promo-suggestion",
        api.PromoSuggestionOfChat.as_view(),
        "api-promo-suggestion",
    ),
    *routes("api/suggestions", api.Suggestions.as_view(), "api-suggestions"),
    *routes("api/suggestions/<str:id>", api.OneSuggestion.as_view(), "api-suggestion"),
    *routes("api/health", api.Health.as_view(), "api-health"),
    # Last: whatever else lies below /api/ is answered by a problem document.
    path("api/<path:rest>", Nothing.as_view()),
]
