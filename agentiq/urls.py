"""Routes. Each app owns what is below its prefix."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("login/", include("promos.signing")),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("promos.urls")),
    path("", include("chats.urls")),
    # One door: the admin's own would ask for no second factor.
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
    # After the apps: the admin answers every address below it, theirs as well.
    path("admin/", admin.site.urls),
]

handler500 = "agentiq.views.server_error"
