"""Routes of signing in, outside any app's names: Django asks for «login»."""

from django.urls import path

from promos import account

urlpatterns = [
    path("", account.SignIn.as_view(), name="login"),
    path("code/", account.code, name="login-code"),
]
