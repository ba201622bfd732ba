"""
The ways to a person: e-mail and Telegram. In-app alerts need none.

``send`` takes claimed deliveries of one person and channel and returns when they
are out. It raises NotDelivered when nothing left, so that trying again is right,
and MaybeDelivered when the answer got lost.
"""

from collections.abc import Sequence

from promos.channels import email, telegram
from promos.channels.outcomes import MaybeDelivered, NotDelivered
from promos.models import AlertDelivery, Channel

__all__ = ["MaybeDelivered", "NotDelivered", "send"]

_WAYS = {
    Channel.EMAIL: email.send,
    Channel.TELEGRAM: telegram.send,
}


def send(taken: Sequence[AlertDelivery]) -> None:
    """Send the deliveries as one message. Raises NotDelivered, MaybeDelivered."""
    _WAYS[Channel(taken[0].channel)](taken)
