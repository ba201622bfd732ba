"""Routes of the operator's desk and of the API of chats."""

from django.urls import path, re_path

from agentiq.api import routes
from chats.api import conversations, shop, suggested
from chats.views import (
    acts,
    dashboard,
    files,
    health,
    outside,
    pages,
    sorting,
    watch,
    whynot,
)
from promos.api.documents import Nothing

app_name = "chats"
desk = [
    path("", pages.inbox, name="inbox"),
    path("list/", pages.fresh, name="list"),
    path("more/", pages.more, name="more"),
    path("narrow/", pages.narrow, name="narrow"),
    path("seen/", watch.seen, name="seen"),
    path("bulk/", sorting.bulk, name="bulk"),
    path("bulk/<uuid:batch>/undo/", sorting.bulk_undo, name="bulk_undo"),
    path("chats/<int:pk>/", pages.chat, name="chat"),
    path("why/", whynot.why, name="why"),
    path("chats/<int:pk>/ai/", outside.ai_view, name="ai-view"),
    path("chats/<int:pk>/earlier/", pages.earlier, name="earlier"),
    path("chats/<int:pk>/side/", pages.side, name="side"),
    path("chats/<int:pk>/saved/", pages.saved, name="saved"),
    path("chats/<int:pk>/saved/<int:saved_pk>/", pages.saved_text, name="saved_text"),
    path("chats/<int:pk>/news/", watch.news, name="news"),
    path("chats/<int:pk>/claim/", watch.claim, name="claim"),
    path("chats/<int:pk>/draft/", acts.draft, name="draft"),
    path("chats/<int:pk>/reply/", acts.write, name="write"),
    path("chats/<int:pk>/notes/", sorting.note, name="note"),
    path("suggestions/<int:pk>/", pages.card, name="card"),
    path("suggestions/<int:pk>/decide/", acts.decide, name="decide"),
    path("analyses/<int:pk>/correct/", acts.correct, name="correct"),
    path("outgoing/<int:pk>/undo/", acts.undo, name="undo"),
    path("outgoing/<int:pk>/settle/", acts.settle, name="settle"),
    path("files/<int:pk>/", files.attachment, name="attachment"),
]
dashboards = [
    path("admin/dashboard/", dashboard.page, name="dashboard"),
    path("admin/dashboard/sends/", dashboard.sends, name="dashboard-sends"),
    re_path(
        r"^admin/dashboard/export\.(?P<kind>csv|xlsx)$",
        dashboard.export,
        name="dashboard-export",
    ),
]
urlpatterns = [
    *desk,
    *dashboards,
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("status/", health.status, name="status"),
    path("status/resume/", health.resume, name="resume"),
    *routes("api/chats", conversations.Chats.as_view(), "api-chats"),
    *routes("api/chats/<str:id>", conversations.OneChat.as_view(), "api-chat"),
    *routes(
        "api/chats/<str:id>/messages", conversations.Messages.as_view(), "api-messages"
    ),
    *routes(
        "api/chats/<str:id>/promo-suggestion",
        suggested.PromoSuggestionOfChat.as_view(),
        "api-promo-suggestion",
    ),
    *routes("api/suggestions", suggested.Suggestions.as_view(), "api-suggestions"),
    *routes(
        "api/suggestions/<str:id>", suggested.OneSuggestion.as_view(), "api-suggestion"
    ),
    *routes(
        "api/suggestions/<str:id>/accept", suggested.Accept.as_view(), "api-accept"
    ),
    *routes("api/suggestions/<str:id>/edit", suggested.Edit.as_view(), "api-edit"),
    *routes("api/suggestions/<str:id>/skip", suggested.Skip.as_view(), "api-skip"),
    *routes(
        "api/outgoing/<str:id>", conversations.OneOutgoing.as_view(), "api-outgoing"
    ),
    *routes("api/health", shop.Health.as_view(), "api-health"),
    # Last: whatever else lies at or below /api is answered by a problem document.
    re_path(r"^api(/.*)?$", Nothing.as_view()),
]
