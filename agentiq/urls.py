"""Routes. Each app owns what is below its prefix."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

urlpatterns = [
    path("login/", auth.LoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("promos.urls")),
    path("", include("chats.urls")),
    # After the apps: the admin answers every address below it, theirs as well.
    path("admin/", admin.site.urls),
]

handler500 = "agentiq.views.server_error"
