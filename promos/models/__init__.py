"""Rows of the promo side: whose shop, what it sells, its codes, what went out."""

from promos.models.codes import PromoCode, PromoCodeQuerySet
from promos.models.products import Product, ProductQuerySet
from promos.models.sellers import Membership, Seller, WbToken
from promos.models.sends import PromoCodeSend, PromoCodeSendQuerySet

__all__ = [
    "Membership",
    "Product",
    "ProductQuerySet",
    "PromoCode",
    "PromoCodeQuerySet",
    "PromoCodeSend",
    "PromoCodeSendQuerySet",
    "Seller",
    "WbToken",
]
