"""Server entry: ``gunicorn agentiq.wsgi``. Production unless AGENTIQ_ENV says otherwise."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentiq.settings")
os.environ.setdefault("AGENTIQ_ENV", "production")

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

application = get_wsgi_application()
# Without it every page would be a 500 that names some file.
if settings.PRODUCTION and not (settings.STATIC_ROOT / "staticfiles.json").exists():
    raise ImproperlyConfigured(
        f"статика не собрана: в {settings.STATIC_ROOT} нет staticfiles.json. "
        "Выполните manage.py collectstatic --no-input и запустите снова."
    )
# What is loaded stays. To look through it all at every full collection would make
# one page in a dozen a tenth of a second slower.
get_resolver().url_patterns  # noqa: B018  loads the views
gc.collect()
gc.freeze()
