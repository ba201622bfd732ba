"""Alerts by e-mail, through Django's mail settings."""

import smtplib
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from promos import alert_words
from promos.channels.outcomes import NotDelivered
from promos.models import AlertDelivery, Membership

# What SMTP answers when this address or letter will never be taken.
_FINAL = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused)


def send(taken: Sequence[AlertDelivery]) -> None:
    """Send one letter with one alert, or the digest. Raises NotDelivered."""
    member = taken[0].membership
    message = EmailMessage(
        subject=subject(taken), body=body(taken), to=[member.user.email]
    )
    try:
        message.send()
    except _FINAL as error:
        raise NotDelivered(f"SMTP: {error}", is_final=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotDelivered(f"SMTP: {error}") from error


def subject(taken: Sequence[AlertDelivery]) -> str:
    """Return the subject: the alert's title, or how many the digest holds."""
    if not taken[0].in_digest:
        return " ".join(f"AgentIQ: {alert_words.title(taken[0].alert)}".split())
    count = len(taken)
    words = ngettext(
        "AgentIQ: %(count)d alert of the day",
        "AgentIQ: %(count)d alerts of the day",
        count,
    )
    return words % {"count": count}


def body(taken: Sequence[AlertDelivery]) -> str:
    """Return the letter: each alert with what to do and where."""
    parts = [alert_words.text(row.alert) for row in taken]
    parts.append(_signature(taken[0].membership))
    return "\n\n".join(parts)


def _signature(member: Membership) -> str:
    return _("Shop: %(shop)s. What you are told about: %(link)s") % {
        "shop": member.seller.name,
        "link": alert_words.address("admin:promos_notificationrule_changelist"),
    }
