"""Tokens that are no longer in use lose their seal after the shop's own period."""

from datetime import datetime, timedelta

from django.db.models import Q

from promos.models import Seller, WbToken


def forget_tokens(seller: Seller, *, now: datetime) -> int:
    """
    Erase the sealed text of tokens out of use; return how many lost it.

    A token is out of use from its end or its refusal; one switched off by hand
    counts from the day it was entered. Its facts stay readable.
    """
    before = now - timedelta(days=seller.keep_tokens_days)
    over = Q(expires_at__lt=before) | Q(refused_at__lt=before)
    over |= Q(is_active=False, created_at__lt=before)
    found = WbToken.objects.filter(over, seller=seller).exclude(sealed_token="")
    return found.update(sealed_token="", sealed_secret="", is_active=False)
