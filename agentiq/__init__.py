"""
AgentIQ: answers to Wildberries buyers, with the promo code that helps.

Read in this order: ``settings`` (what can be configured), ``embedded`` (the servers
that run when none is configured), ``wb`` (all that is known of Wildberries),
``marketplace`` (a seller's way to it), then the apps ``promos`` and ``chats``.
"""

import os

# The analyser's matrices are small: on few cores BLAS threads only wait for each
# other (fourteen times slower). Read by numpy when it is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from agentiq.celery import app as celery_app

__all__ = ["celery_app"]
