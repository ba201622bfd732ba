"""
AgentIQ: answers to Wildberries buyers, with the promo code that helps.

Read in this order: ``settings`` (what can be configured), ``embedded`` (the servers
that run when none is configured), ``wb`` (all that is known of Wildberries),
``marketplace`` (a seller's way to it), then the apps ``promos`` and ``chats``.
"""

from agentiq.celery import app as celery_app

__all__ = ["celery_app"]
