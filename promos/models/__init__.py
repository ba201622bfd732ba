"""Rows of the promo side: whose shop, what it sells, its codes, what went out."""

from promos.models.alerts import (
    Alert,
    AlertDelivery,
    AlertDeliveryQuerySet,
    AlertQuerySet,
    Channel,
    NotificationRule,
    NotificationSettings,
    TelegramBot,
    TelegramLink,
)
from promos.models.api import (
    ApiKey,
    IdempotencyRecord,
    Webhook,
    WebhookDelivery,
)
from promos.models.audit import AuditEntry
from promos.models.codes import PromoCode, PromoCodeQuerySet
from promos.models.products import Product, ProductQuerySet
from promos.models.sellers import Membership, Seller, WbToken
from promos.models.sends import PromoCodeSend, PromoCodeSendQuerySet, SendDay

__all__ = [
    "Alert",
    "AlertDelivery",
    "AlertDeliveryQuerySet",
    "AlertQuerySet",
    "ApiKey",
    "AuditEntry",
    "Channel",
    "IdempotencyRecord",
    "Membership",
    "NotificationRule",
    "NotificationSettings",
    "Product",
    "ProductQuerySet",
    "PromoCode",
    "PromoCodeQuerySet",
    "PromoCodeSend",
    "PromoCodeSendQuerySet",
    "Seller",
    "SendDay",
    "TelegramBot",
    "TelegramLink",
    "WbToken",
    "Webhook",
    "WebhookDelivery",
]
