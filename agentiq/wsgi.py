"""Server entry: ``gunicorn agentiq.wsgi``. Production unless AGENTIQ_ENV says otherwise."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentiq.settings")
os.environ.setdefault("AGENTIQ_ENV", "production")

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
# Without it every page would be a 500 that names some file.
if settings.PRODUCTION and not (settings.STATIC_ROOT / "staticfiles.json").exists():
    raise ImproperlyConfigured(
        f"статика не собрана: в {settings.STATIC_ROOT} нет staticfiles.json. "
        "Выполните manage.py collectstatic --no-input и запустите снова."
    )
