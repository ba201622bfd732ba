"""
Fixtures both apps use. Loaded by pytest.ini before settings, so it imports no model.

The embedded servers of the tests live in their own folder: running the tests never
touches the data of a demo. ``seller`` puts the test into that seller's scope.
"""

import fcntl
import hashlib
import os
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentiq.settings")
os.environ["AGENTIQ_ENV"] = "test"
os.environ.setdefault(
    "DATA_DIR", str(Path(__file__).resolve().parent.parent / ".data" / "tests")
)

import pytest

NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday, noon in Moscow


@pytest.fixture(autouse=True)
def _own_redis_keys(settings):
    """Each xdist worker keeps to its own keys; a test starts with none."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    prefix = f"test-{worker}-{uuid.uuid4().hex[:6]}"
    settings.REDIS_PREFIX = f"{prefix}:"
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": prefix}}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, django_db_blocker):
    """
    Migrate once for all workers and runs: each copies one finished template.

    Applying the migrations takes longer than any test, copying a database does not.
    The template's name carries the text of every migration, so a changed one makes a
    new template; old ones go.
    """
    from django.conf import settings
    from django.db import connection

    name = f"migrated_{_migrations_digest()}"
    lock = Path(settings.DATA_DIR) / "template.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle, django_db_blocker.unblock():
        fcntl.flock(handle, fcntl.LOCK_EX)
        _make_template(connection, name)
    connection.settings_dict["TEST"]["TEMPLATE"] = name


def _migrations_digest():
    import django

    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256(django.__version__.encode())
    for path in sorted(root.glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    for name in ("settings.py", "../requirements.txt"):  # which apps, which releases
        digest.update((root / "agentiq" / name).read_bytes())
    return digest.hexdigest()[:12]


def _make_template(connection, name):
    from django.core.management import call_command

    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname ~ '^migrated_'")
        found = {row[0] for row in cursor.fetchall()}
        if name in found:
            return
        for stale in found | {f"raw_{name}"}:
            cursor.execute(f'DROP DATABASE IF EXISTS "{stale}"')
        cursor.execute(f'CREATE DATABASE "raw_{name}"')
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = f"raw_{name}"
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
    # Only a finished one gets the name: a run that is stopped half-way leaves none.
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "raw_{name}" RENAME TO "{name}"')


@pytest.fixture
def simulator():
    """A simulated WB that obeys every limit, with faults on demand."""
    from agentiq.wb.simulator import Simulator

    return Simulator(control=True, event_delay=0)


@pytest.fixture
def wb_server(simulator, settings):
    """The simulator over real HTTP, with every WB host of the settings led to it."""
    from agentiq.wb.simulator import serve

    with serve(simulator) as running:
        settings.WB_HOSTS = dict.fromkeys(settings.WB_HOSTS, running.url)
        settings.WB_CONNECT_TIMEOUT = settings.WB_READ_TIMEOUT = 2.0
        yield running


def make_seller(name="Лавка"):
    from django.apps import apps

    return apps.get_model("promos", "Seller").objects.create(name=name)


def make_member(seller, role, username=None):
    from django.apps import apps
    from django.contrib.auth import get_user_model

    user = get_user_model().objects.create_user(
        username or f"{role}-{seller.pk}",
        password="not-a-secret",
        is_staff=role in ("owner", "manager", "analyst"),
    )
    apps.get_model("promos", "Membership").objects.create(
        seller=seller, user=user, role=role
    )
    return user


@pytest.fixture
def seller(db):
    """A shop; the test runs in its scope."""
    from django_scopes import scope

    made = make_seller()
    with scope(seller=made):
        yield made


@pytest.fixture
def operator(seller):
    return make_member(seller, "operator")


@pytest.fixture
def owner(seller):
    return make_member(seller, "owner")


@pytest.fixture
def wb(seller, simulator, wb_server):
    """A client of the simulator that speaks as ``seller``, token and all."""
    from django.apps import apps

    from agentiq import crypto
    from agentiq.marketplace import connect
    from agentiq.wb.tokens import decode_token

    token = simulator.make_token(sid=simulator.add_seller(sid=str(uuid.uuid4())))
    facts = decode_token(token)
    apps.get_model("promos", "WbToken").objects.create(
        seller=seller,
        sealed_token=crypto.seal(token),
        kind=facts.kind.value,
        categories=sorted(int(category) for category in facts.categories),
        expires_at=facts.expires_at,
        seller_uuid=facts.seller_uuid,
        token_id=facts.token_id,
    )
    client = connect(seller)
    yield client
    client.close()


@pytest.fixture
def make_code(seller):
    """Make a promo code of ``seller`` that is live at NOON unless said otherwise."""
    from django.apps import apps

    def make_code(code="SALE10", percent="10", **fields):
        values = {
            "starts_at": NOON - timedelta(days=1),
            "expires_at": NOON + timedelta(days=13),
        } | fields
        return apps.get_model("promos", "PromoCode").objects.create(
            seller=seller, code=code, discount_percent=percent, **values
        )

    return make_code
