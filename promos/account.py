"""Pages of one's own account: signing in, the second factor, the shop one works in."""

from base64 import b32encode
from datetime import timedelta
from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from promos import audit, factor
from promos.middleware import SESSION_KEY
from promos.models import Membership

PENDING = "second_factor"
PATIENCE = timedelta(minutes=5)  # between the password and the code
TRIES = 5


class CodeForm(forms.Form):
    """A code of the phone, or a backup code."""

    code = forms.CharField(label=_("Code"), max_length=20, strip=True)


class SignIn(LoginView):
    """The password; whoever has a second factor is then asked for its code."""

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        if not factor.is_on(user):
            return _enter(self.request, user, self.get_success_url())
        self.request.session[PENDING] = {
            "user": user.pk,
            "backend": user.backend,
            "until": (timezone.now() + PATIENCE).timestamp(),
            "tries": 0,
        }
        page = reverse("login-code")
        return redirect(f"{page}?{urlencode({'next': self.get_success_url()})}")

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        name = form.data.get("username", "")
        user = get_user_model().objects.filter(username__iexact=name[:150]).first()
        if user:
            audit.of_person(self.request, user, audit.Kind.LOGIN_FAILED)
        return super().form_invalid(form)


def code(request: HttpRequest) -> HttpResponse:
    """The second step of signing in."""
    user = _awaited(request)
    if user is None:
        return redirect("login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if factor.verify(user, form.cleaned_data["code"]):
            user.backend = request.session.pop(PENDING)["backend"]
            return _enter(request, user, _next(request))
        audit.of_person(request, user, audit.Kind.LOGIN_FAILED, gettext("wrong code"))
        request.session[PENDING]["tries"] += 1
        request.session.modified = True
        form.add_error("code", gettext("The code does not fit. Take the newest one."))
    return render(request, "account/code.html", {"form": form, "next": _next(request)})


def _awaited(request: HttpRequest) -> Any:
    """Return who gave the password a moment ago, None if nobody (any more)."""
    pending = request.session.get(PENDING)
    if not pending:
        return None
    is_late = pending["until"] < timezone.now().timestamp()
    if is_late or pending["tries"] >= TRIES:
        del request.session[PENDING]
        messages.error(request, gettext("Start again with the password."))
        return None
    return get_user_model().objects.filter(pk=pending["user"], is_active=True).first()


def _enter(request: HttpRequest, user: Any, address: str) -> HttpResponse:
    login(request, user)
    audit.of_person(request, user, audit.Kind.LOGIN)
    return HttpResponseRedirect(address)


def _next(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or "/"
    is_ours = url_has_allowed_host_and_scheme(
        asked, {request.get_host()}, require_https=request.is_secure()
    )
    return asked if is_ours else "/"


@login_required
def page(request: HttpRequest) -> HttpResponse:
    """Who I am, where I work, how I sign in."""
    memberships = Membership.objects.filter(
        user=request.user, is_active=True, seller__is_active=True
    ).select_related("seller")
    context = {
        "memberships": memberships.order_by("seller__name"),
        "is_on": factor.is_on(request.user),
        "left": factor.backup_codes_left(request.user),
    }
    return render(request, "account/page.html", context)


@login_required
@require_POST
def shop(request: HttpRequest) -> HttpResponse:
    """Work in another of one's shops from here on."""
    asked = request.POST.get("seller", "")
    mine = Membership.objects.filter(
        user=request.user, is_active=True, seller__is_active=True
    )
    if not asked.isdigit() or not mine.filter(seller=int(asked)).exists():
        raise Http404
    request.session[SESSION_KEY] = int(asked)
    return redirect(_next(request))


@login_required
def setup(request: HttpRequest) -> HttpResponse:
    """Photograph the square, type the code: the factor is on."""
    if factor.is_on(request.user):
        return redirect("promos:account")
    form = CodeForm(request.POST or None)
    device = factor.propose(request.user)
    if request.method == "POST" and form.is_valid():
        codes = factor.confirm(request.user, form.cleaned_data["code"])
        if codes:
            audit.of_person(
                request, request.user, audit.Kind.FACTOR, gettext("switched on")
            )
            return render(request, "account/backup.html", {"codes": codes})
        form.add_error("code", gettext("The code does not fit. Take the newest one."))
    picture = segno.make(device.config_url, error="m")
    context = {
        "form": form,
        "picture": picture.svg_data_uri(scale=5, border=3, light="#ffffff"),
        "key": b32encode(device.bin_key).decode().rstrip("="),
    }
    return render(request, "account/setup.html", context)


@login_required
@require_POST
def backup(request: HttpRequest) -> HttpResponse:
    """Fresh backup codes instead of the earlier ones."""
    if not _knows_password(request):
        return redirect("promos:account")
    codes = factor.new_backup_codes(request.user)
    audit.of_person(
        request, request.user, audit.Kind.FACTOR, gettext("new backup codes")
    )
    return render(request, "account/backup.html", {"codes": codes})


@login_required
@require_POST
def switch_off(request: HttpRequest) -> HttpResponse:
    """Sign in by the password alone again."""
    if _knows_password(request):
        factor.remove(request.user)
        audit.of_person(
            request, request.user, audit.Kind.FACTOR, gettext("switched off")
        )
        messages.success(request, gettext("Signing in takes the password alone now."))
    return redirect("promos:account")


def _knows_password(request: HttpRequest) -> bool:
    """An open screen must not be enough to weaken an account."""
    if request.user.check_password(request.POST.get("password", "")):
        return factor.is_on(request.user)
    messages.error(request, gettext("The password does not fit: nothing was changed."))
    return False
