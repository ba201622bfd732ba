"""Server entry: ``gunicorn agentiq.wsgi``. Production unless AGENTIQ_ENV says otherwise."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentiq.settings")
os.environ.setdefault("AGENTIQ_ENV", "production")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
