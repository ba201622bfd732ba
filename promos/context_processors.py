"""What every page knows: the shop and the person's role in it."""

from typing import Any

from django.http import HttpRequest


def seller(request: HttpRequest) -> dict[str, Any]:
    """Return the current shop and membership, None for a visitor."""
    return {
        "seller": getattr(request, "seller", None),
        "membership": getattr(request, "membership", None),
    }
