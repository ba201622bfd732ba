"""
Everything that can be configured, and the only reader of the environment.

Without an environment a development installation comes up by itself: embedded
servers, a throw-away key. Production (gunicorn, celery: AGENTIQ_ENV=production)
refuses to start until its own servers and secrets are named.
"""

from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from kombu import Queue

from agentiq import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(str(BASE_DIR / ".env"), overwrite=False)


_BOOLEANS = {"true", "false", "yes", "no", "on", "off", "1", "0", "y", "n", ""}


def _choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = env.str(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(
            f"{name}={value!r} не подходит. Допустимо: {', '.join(allowed)}."
        )
    return value


def _url(name: str, default: str) -> str:
    value = env.str(name, default).rstrip("/")
    if not value.startswith(("http://", "https://")):
        raise ImproperlyConfigured(
            f"{name}={value!r} не похоже на адрес. Нужен вид https://host[:port]."
        )
    return value


def _typed(kind: str, name: str, default: Any) -> Any:
    if kind == "bool" and env.str(name, "false").lower() not in _BOOLEANS:
        raise ImproperlyConfigured(
            f"{name}={env.str(name)!r} не подходит. Допустимо: true или false."
        )
    try:
        return getattr(env, kind)(name, default=default)
    except (ValueError, TypeError, environ.ImproperlyConfigured) as error:
        raise ImproperlyConfigured(
            f"{name} задан неверно: {env.str(name, '')!r}. Ожидается {kind}."
        ) from error


# --- Which installation this is ---------------------------------------------------

AGENTIQ_ENV = _choice(
    "AGENTIQ_ENV", "development", ("development", "test", "production")
)
PRODUCTION = AGENTIQ_ENV == "production"
DEBUG = _typed("bool", "DEBUG", False)
if PRODUCTION:
    _missing = [
        name
        for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "TOKEN_KEYS")
        if not env.str(name, "")
    ]
    if _missing:
        raise ImproperlyConfigured(
            f"в рабочем режиме нужно задать {', '.join(_missing)} (см. README, "
            "«Переменные окружения»). Для пробы на своей машине: make demo."
        )
    if DEBUG:
        raise ImproperlyConfigured(
            "DEBUG включён в рабочем режиме. Уберите DEBUG или задайте DEBUG=false."
        )

SECRET_KEY = env.str("SECRET_KEY", "development-only-key-never-used-in-production")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / ".data")))

# --- Applications -----------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_scopes",
    "django_htmx",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "csp",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "simple_history",
    "promos",
    "chats",
]

MIDDLEWARE = [
    "agentiq.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "chats.middleware.LiveMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "promos.middleware.SellerMiddleware",
    "promos.middleware.AdminPolicyMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "agentiq.urls"
WSGI_APPLICATION = "agentiq.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "agentiq.templating.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "promos.context_processors.seller",
            ],
        },
    }
]

# --- Database, Redis, Celery ------------------------------------------------------

_durable = AGENTIQ_ENV != "test"
DATABASE_URL = env.str("DATABASE_URL", "") or embedded.start_postgres(
    DATA_DIR, durable=_durable
)
REDIS_URL = env.str("REDIS_URL", "") or embedded.start_valkey(
    DATA_DIR, durable=_durable
)
DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
if "postgresql" not in DATABASES["default"]["ENGINE"]:
    raise ImproperlyConfigured(
        "DATABASE_URL должен вести на PostgreSQL: postgresql://user:pass@host/name."
    )
DATABASES["default"].update(
    CONN_MAX_AGE=_typed("int", "DATABASE_CONN_MAX_AGE", 60),
    CONN_HEALTH_CHECKS=True,
    OPTIONS=DATABASES["default"].get("OPTIONS", {})
    | {"prepare_threshold": 5},  # of what agentiq.prepared asks, and of nothing else
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_PREFIX = env.str("REDIS_PREFIX", "agentiq:")  # of the keys that are ours
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "agentiq",
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True  # every task is safe to run twice
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A worker takes from each queue in turn: a thousand suggestions to make after an
# outage keep no reply waiting.
CELERY_TASK_DEFAULT_QUEUE = CELERY_TASK_DEFAULT_ROUTING_KEY = "celery"
CELERY_TASK_QUEUES = [
    # Without keys of their own each would get every task.
    Queue(name, routing_key=name)
    for name in ("celery", "sending", "polling")
]
CELERY_TASK_ROUTES = {
    "chats.tasks.send_*": {"queue": "sending"},
    "chats.tasks.settle_*": {"queue": "sending"},
    "chats.tasks.poll_*": {"queue": "polling"},
}
CELERY_DB_REUSE_MAX = 1000  # tasks for one connection; else each task logs in anew
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # Buyers wait: each seller is polled at its own pace, this only looks who is due.
    # A tick nobody took in time is worth nothing: the next one finds the same rows.
    "poll-due-sellers": {
        "task": "chats.tasks.poll_due",
        "schedule": 1.0,
        "options": {"expires": 5},
    },
    # The outbox is the queue; the tick brings back what a lost nudge left behind.
    "send-due-replies": {"task": "chats.tasks.send_due", "schedule": 1.0},
    # An unknown delivery is settled from the feed; the feed moves every few seconds.
    "settle-unknown": {"task": "chats.tasks.settle_unknown", "schedule": 5.0},
    # A worker killed between event and suggestion leaves a turn without one.
    "suggest-waiting": {"task": "chats.tasks.suggest_waiting", "schedule": 10.0},
    # Codes end at a Moscow midnight; a suggestion must not outlive its code long.
    # Alerts: each look ends in the same alerts, so a missed one only delays them.
    "watch-shops": {"task": "promos.tasks.watch_shops", "schedule": 300.0},
    # Ten minutes of failed replies are told while they can still be mended.
    "watch-chats": {"task": "chats.tasks.watch_chats", "schedule": 60.0},
    # Prices come a few times a day; every article times every code takes a while.
    "watch-prices": {"task": "promos.tasks.watch_prices", "schedule": 1800.0},
    # WB's news asks for one request a minute and changes a few times a week.
    "watch-news": {"task": "promos.tasks.watch_news", "schedule": 6 * 3600.0},
    # Prices decide whether a code works; the limit is 10 requests in 6 s.
    "sync-catalogues": {"task": "promos.tasks.sync_catalogues", "schedule": 1800.0},
    # Titles and commissions change rarely.
    "sync-cards": {"task": "promos.tasks.sync_all_cards", "schedule": 6 * 3600.0},
    # An operator wants to know today whether the order was kept; the feed of orders
    # takes one request a minute, claims twenty.
    "read-fates": {"task": "chats.tasks.read_fates", "schedule": 1200.0},
    "deliver-alerts": {"task": "promos.tasks.deliver_alerts", "schedule": 10.0},
    # Somebody who pressed Start in Telegram looks at the screen and waits.
    "link-telegram": {"task": "promos.tasks.link_telegram", "schedule": 10.0},
    "expire-suggestions": {"task": "chats.tasks.expire_suggestions", "schedule": 60.0},
    # Edits are looked through on Monday morning, Moscow: four weeks of them.
    "propose-wordings": {
        "task": "chats.tasks.propose_wordings",
        "schedule": crontab(minute=0, hour=3, day_of_week=1),
    },
    # Other systems are told within seconds; a row waits when they are down.
    "deliver-webhooks": {"task": "promos.tasks.deliver_webhooks", "schedule": 2.0},
    # Answers under an Idempotency-Key are promised for 24 hours, not for ever.
    "forget-answers": {"task": "promos.tasks.forget_answers", "schedule": 3600.0},
    # Days pass slowly; a few hundred chats an hour keep up with any shop.
    "erase-old-chats": {"task": "chats.tasks.erase_old_chats", "schedule": 3600.0},
    "forget-tokens": {"task": "promos.tasks.forget_tokens", "schedule": 24 * 3600.0},
    # A desk reads its counts as sums over changes: a few hundred rows are no burden.
    "tidy-counts": {"task": "chats.tasks.tidy_counts", "schedule": 60.0},
}

# --- Wildberries ------------------------------------------------------------------

WB_HOSTS = {
    "chat": _url("WB_CHAT_URL", "https://buyer-chat-api.wildberries.ru"),
    "calendar": _url("WB_CALENDAR_URL", "https://dp-calendar-api.wildberries.ru"),
    "prices": _url("WB_PRICES_URL", "https://discounts-prices-api.wildberries.ru"),
    "content": _url("WB_CONTENT_URL", "https://content-api.wildberries.ru"),
    "common": _url("WB_COMMON_URL", "https://common-api.wildberries.ru"),
    "finance": _url("WB_FINANCE_URL", "https://finance-api.wildberries.ru"),
    "statistics": _url("WB_STATISTICS_URL", "https://statistics-api.wildberries.ru"),
    "analytics": _url(
        "WB_ANALYTICS_URL", "https://seller-analytics-api.wildberries.ru"
    ),
    "feedbacks": _url("WB_FEEDBACKS_URL", "https://feedbacks-api.wildberries.ru"),
    "returns": _url("WB_RETURNS_URL", "https://returns-api.wildberries.ru"),
}
WB_AUTH_PREFIX = env.str("WB_AUTH_PREFIX", "Bearer")
WB_SEND_PROFILE = _choice("WB_SEND_PROFILE", "message", ("message", "chat-path"))
WB_LIMIT_READING = _choice("WB_LIMIT_READING", "window", ("window", "bucket"))
WB_CONNECT_TIMEOUT = _typed("float", "WB_CONNECT_TIMEOUT", 3.05)
WB_READ_TIMEOUT = _typed("float", "WB_READ_TIMEOUT", 15.0)
# How many complete polls without our message make an unknown delivery «not sent»,
# and the least time that must pass: WB may show a message late.
WB_SETTLE_POLLS = _typed("int", "WB_SETTLE_POLLS", 3)
WB_SETTLE_SECONDS = _typed("int", "WB_SETTLE_SECONDS", 30)
# After this a reply still being sent is one whose worker died; more than a call takes.
WB_SENDING_SECONDS = _typed("int", "WB_SENDING_SECONDS", 90)
# Five failures of WB in a row: one try after so long, then ever rarer.
WB_PROBE_SECONDS = _typed("float", "WB_PROBE_SECONDS", 30.0)
WB_POLL_ACTIVE_SECONDS = _typed("float", "WB_POLL_ACTIVE_SECONDS", 2.0)
WB_POLL_IDLE_SECONDS = _typed("float", "WB_POLL_IDLE_SECONDS", 5.0)

# Fernet keys, newest first; older ones still open what they sealed.
TOKEN_KEYS = env.list(
    "TOKEN_KEYS", default=["ZGV2ZWxvcG1lbnQtb25seS1rZXktMzItYnl0ZXMhISE="]
)

# --- An optional second reader ----------------------------------------------------

# Any OpenAI-compatible address, such as https://host/v1; empty: nobody is asked.
LLM_URL = env.str("LLM_URL", "") and _url("LLM_URL", "")
LLM_MODEL = env.str("LLM_MODEL", "")
if LLM_URL and not LLM_MODEL:
    raise ImproperlyConfigured(
        "LLM_URL задан, а LLM_MODEL нет. Укажите имя модели или уберите LLM_URL."
    )
LLM_KEY = env.str("LLM_KEY", "")
LLM_TIMEOUT = _typed("float", "LLM_TIMEOUT", 2.0)  # seconds, the whole answer
LLM_MONTHLY_BUDGET = _typed("int", "LLM_MONTHLY_BUDGET", 1000)  # requests a month
LLM_DRAFTS = _typed("bool", "LLM_DRAFTS", False)  # may it word replies too

# --- Who may come in --------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "promos.members.MemberBackend",
    "django.contrib.auth.backends.ModelBackend",  # of sessions from before it
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
if AGENTIQ_ENV == "test":
    # A slow hash protects nobody in a test and takes a third of a second each time.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = reverse_lazy("login")
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
OTP_TOTP_ISSUER = "AgentIQ"  # what the app on the phone calls us
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_IPWARE_PROXY_COUNT = _typed("int", "PROXY_COUNT", 0)

# --- Browser security -------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:", "https://*.wbbasket.ru"],
        "connect-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = False  # small scripts read it for their own requests
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SECURE_SSL_REDIRECT = _typed("bool", "SECURE_SSL_REDIRECT", True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = _typed("int", "SECURE_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# --- Language and time ------------------------------------------------------------

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", "Русский"), ("en", "English")]
# Words of the templates; those of an app are beside it.
LOCALE_PATHS = [BASE_DIR / "templates" / "locale", BASE_DIR / "agentiq" / "locale"]
TIME_ZONE = "Europe/Moscow"  # what people see; the database keeps UTC
USE_TZ = True
USE_I18N = True

# --- Files ------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", str(DATA_DIR / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION

# --- Admin ------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": "AgentIQ",
    "SITE_HEADER": "AgentIQ",
    "SITE_SUBHEADER": _("Promo codes for Wildberries chats"),
    "SITE_SYMBOL": "sell",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("chats/icon.svg"),
        }
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_URL": "/",
    "SHOW_LANGUAGES": True,
    "SIDEBAR": {"navigation": "chats.admin.menu.navigation"},
    "ENVIRONMENT": "promos.admin.home.shop_badge",
    "ACCOUNT": {
        "navigation": [
            {
                "title": _("Account, second factor, shops"),
                "link": reverse_lazy("promos:account"),
            }
        ]
    },
    "DASHBOARD_CALLBACK": "promos.admin.home.dashboard",
    "STYLES": [lambda request: static("promos/admin.css")],
    "SCRIPTS": [lambda request: static("promos/admin.js")],
}

# A file waits between dry run and confirmation where every web process finds it.
IMPORT_EXPORT_TMP_STORAGE_CLASS = "import_export.tmp_storages.CacheStorage"

# --- API --------------------------------------------------------------------------

# Only for trying webhooks on one's own machine: lets them lead into this network.
WEBHOOK_ALLOW_PRIVATE = _typed("bool", "WEBHOOK_ALLOW_PRIVATE", False)
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "agentiq.problems.handler",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "AgentIQ",
    "VERSION": "1.0",
    "DESCRIPTION": _(
        "Promo codes in Wildberries chats. Make a key in the admin and send it as "
        "“Authorization: Api-Key <key>”. Every error is a problem document with a "
        "stable “code” and its sentence in Russian and English."
    ),
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "PREPROCESSING_HOOKS": ["agentiq.api.without_slashes"],
    "POSTPROCESSING_HOOKS": ["agentiq.api.with_problems"],
}

# --- Alerts -----------------------------------------------------------------------

# Where people open AgentIQ: the beginning of links in letters and messages.
PUBLIC_URL = _url("PUBLIC_URL", "http://localhost:8000")
TELEGRAM_API_URL = _url("TELEGRAM_API_URL", "https://api.telegram.org")
# smtp://user:password@host:587 (smtp+tls://, smtp+ssl://); without it letters are
# printed to the log.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "AgentIQ <agentiq@localhost>")
EMAIL_TIMEOUT = 10

# --- Monitoring -------------------------------------------------------------------

# Who sends it as a Bearer token may read /metrics; empty: there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

# --- Logs -------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "agentiq.logs.ContextFilter"}},
    "formatters": {"json": {"()": "agentiq.logs.JsonFormatter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["context"],
            "formatter": "json",
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {"axes": {"level": "WARNING"}},
}
