"""
The seller's desk, in the order of the menu.

codes and sends, what the shop sells (products), and the shop itself: settings,
people, keys. ``base`` holds every page to the shop of the request.
"""

from promos.admin import alerts, api, audit, codes, products, sellers, sends, users

__all__ = ["alerts", "api", "audit", "codes", "products", "sellers", "sends", "users"]
