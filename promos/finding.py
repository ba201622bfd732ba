"""articles(), codes(): the few rows of a shop that a person may mean while typing."""

from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast

from promos.models import Product, PromoCode, Seller
from promos.rules.limits import normalise_code

MOST = 10


def articles(seller: Seller, typed: str) -> list[Product]:
    """Return articles by the beginning of their number, or by title or vendor code."""
    rows = Product.objects.filter(seller=seller).in_catalogue()
    return list(_like(rows, typed.strip())[:MOST]) if typed.strip() else []


def _like(rows: "QuerySet[Product]", typed: str) -> "QuerySet[Product]":
    if typed.isdecimal():
        number = Cast("nm_id", CharField())
        rows = rows.annotate(number=number)
        return rows.filter(Q(number__startswith=typed) | Q(vendor_code=typed))
    return rows.filter(Q(title__icontains=typed) | Q(vendor_code__istartswith=typed))


def codes(seller: Seller, typed: str) -> list[PromoCode]:
    """Return current codes with these letters in their name, the newest first."""
    rows = PromoCode.objects.filter(seller=seller).current()
    return list(rows.filter(code_key__contains=normalise_code(typed))[:MOST])
