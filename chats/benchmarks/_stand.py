"""
Where the desk is measured: databases of its own, their rows, servers, and CPU time.

Everything runs on this machine; what a process has used is read from /proc.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import redis
import requests
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
)
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from chats import desk
from chats.analyzer.taxonomy import Intent, Sentiment
from chats.benchmarks import _scratch
from chats.models import Chat
from promos.models import Membership, PromoCode, Seller

PASSWORD = "bench-only"
WORKERS = 2
NANO = 1_000_000_000

MESSAGES = """
INSERT INTO chats_message (seller_id, chat_id, event_id, event_type, sender, source,
                           text, added_at, stored_at)
SELECT seller_id, id, id || '-' || n, 'message',
       CASE WHEN n %% 2 = 1 THEN 'client' ELSE 'seller' END, '',
       (ARRAY['Здравствуйте, когда приедет заказ?', 'Добрый день! Посылка в пути.',
              'Размер не подошёл, как оформить возврат?', 'Спасибо, всё отлично!',
              'Подскажите, подойдёт ли чехол?'])[1 + (id + n) %% 5]
       || CASE WHEN id %% 20 = 0 AND n = 3 THEN ' промокод не сработал' ELSE '' END,
       last_at - n * interval '1 minute', now()
FROM chats_chat, generate_series(%s, 1, -1) AS n WHERE id BETWEEN %s AND %s
"""
READINGS = """
INSERT INTO chats_analysis (seller_id, chat_id, message_id, intent, sentiment, scenario,
    intent_confidence, sentiment_confidence, scenario_confidence, confident, reading,
    message_ids, version, created_at)
SELECT chat.seller_id, chat.id, message.id, chat.intent, chat.sentiment, '', 0.9, 0.7,
    0.9, true, '{"evidence": [{"message_index": 0, "start": 0, "end": 8,
    "kind": "intent", "label": "thanks"}]}', jsonb_build_array(message.id), '1', now()
FROM chats_chat AS chat JOIN chats_message AS message
    ON message.chat_id = chat.id AND message.event_id = chat.id || '-1'
WHERE waiting_since IS NOT NULL;
UPDATE chats_chat SET last_event_id = id || '-1';
"""
SUGGESTIONS = """
INSERT INTO chats_suggestion (seller_id, chat_id, analysis_id, event_id, state, text,
    plain_text, template_id, variant, plain_variant, promo_code_id, use_case, reason,
    snapshot, is_escalation, created_at, closed_reason)
SELECT seller_id, chat_id, id, chat_id || '-1', 'shown',
    'Спасибо за покупку! Промокод BENCH10 даёт скидку 10 %% до конца месяца.',
    'Спасибо за покупку!', '', '', '', %s, '', 'loyalty', '{"versions": {"rules": "1"},
    "quotes": [{"text": "Здравств"}], "margin": {"rub": "120.50"}, "price": {"final":
    "900.00"}, "rejected": [{"id": 0, "code": "BENCH20", "discount_percent": "20",
    "reasons": [], "loss": "larger_discount"}, {"id": 0, "code": "BENCH5",
    "discount_percent": "5", "reasons": ["expired"], "loss": ""}]}', false, now(), ''
FROM chats_analysis
"""
FLOOR = """
CREATE TABLE floor_floormessage (id bigserial PRIMARY KEY, chat_id bigint NOT NULL,
    text text NOT NULL, ours boolean NOT NULL, sent_at timestamptz NOT NULL);
INSERT INTO floor_floormessage
    SELECT id, chat_id, text, sender = 'seller', added_at FROM chats_message;
CREATE INDEX ON floor_floormessage (chat_id, sent_at, id);
CREATE INDEX ON floor_floormessage
    USING gin (to_tsvector('russian'::regconfig, coalesce(text, '')));
SELECT setval('floor_floormessage_id_seq', max(id)) FROM floor_floormessage;
CREATE TABLE floor_floorchat (id bigserial PRIMARY KEY, buyer text NOT NULL,
    preview text NOT NULL, intent text NOT NULL, proposal text NOT NULL,
    due_at timestamptz NOT NULL, last_id bigint NOT NULL);
INSERT INTO floor_floorchat
    SELECT chat.id, buyer_name, preview, intent, coalesce(proposed.text, ''), due_at,
        (SELECT max(id) FROM chats_message WHERE chat_id = chat.id)
    FROM chats_chat AS chat LEFT JOIN chats_suggestion AS proposed
        ON proposed.chat_id = chat.id;
CREATE INDEX ON floor_floorchat (due_at, id);
CREATE INDEX ON floor_floorchat (intent, due_at, id);
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A gunicorn under measurement: its address, processes, and who is signed in."""

    base: str
    pids: list[int]
    session: requests.Session


@contextmanager
def database(size: int) -> Iterator[str]:
    """An empty database for so many chats, by its name; gone afterwards."""
    home = connection.settings_dict["NAME"]
    with _scratch.database(f"desk_{size}"):
        name = connection.settings_dict["NAME"]
        call_command("migrate", verbosity=0)
        with using(home):
            yield name


@contextmanager
def using(name: str) -> Iterator[None]:
    """Ask the database of that name for a while."""
    before = connection.settings_dict["NAME"]
    if before == name:
        yield
        return
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def seed(size: int, *, long: int) -> None:
    """Write that many chats of ten messages, one of ``long``, and what the floor reads."""
    seller = Seller.objects.create(name="Bench")
    user = get_user_model().objects.create_user("bench", password=PASSWORD)
    Membership.objects.create(seller=seller, user=user, role=Membership.Role.OPERATOR)
    now = timezone.now()
    code = PromoCode.objects.create(
        seller=seller,
        code="BENCH10",
        discount_percent=10,
        starts_at=now - timedelta(days=1),
        expires_at=now + timedelta(days=30),
    )
    for start in range(0, size, 5_000):
        numbers = range(start, min(start + 5_000, size))
        Chat.objects.bulk_create(_chat(seller, number, now) for number in numbers)
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM chats_chat")
        low, high = cursor.fetchone()
        cursor.execute(MESSAGES, [long, low, low])
        for start in range(low + 1, high + 1, 20_000):
            cursor.execute(MESSAGES, [10, start, min(start + 19_999, high)])
        cursor.execute(READINGS)
        cursor.execute(SUGGESTIONS, [code.pk])
        cursor.execute(FLOOR)
    desk.tidy(seller.pk)
    _execute("VACUUM ANALYZE")


def _chat(seller: Seller, number: int, now: Any) -> Chat:
    intents, moods = list(Intent), list(Sentiment)
    return Chat(
        seller=seller,
        wb_chat_id=f"1:{number}",
        buyer_name=f"Покупатель {number}",
        reply_sign="sign",
        last_event_id="",
        preview="Здравствуйте, когда приедет заказ?",
        intent=intents[number % len(intents)],
        sentiment=moods[number // 2 % len(moods)],
        waiting_since=now if number % 3 < 2 else None,
        due_at=now + timedelta(minutes=number),
        last_at=now - timedelta(seconds=number),
    )


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def environment(name: str) -> dict[str, str]:
    """Return what both servers are started with: database, Redis, one secret."""
    url = urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}"))
    return os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "DATABASE_CONN_MAX_AGE": "3600",
        "SECRET_KEY": settings.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "agentiq.settings",
        "LOG_LEVEL": "ERROR",
    }


@contextmanager
def server(
    module: str, environment: dict[str, str], session: requests.Session | None = None
) -> Iterator[Server]:
    """A gunicorn of two workers; without a session somebody signs in first."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", f"{module}:application"]
    command += ["-b", f"127.0.0.1:{port}", "-w", str(WORKERS), "--log-level", "error"]
    process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR)
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(base, process)
        pids = [process.pid, *_children(process.pid)]
        yield Server(base, pids, session or signed_in(base))
    finally:
        process.terminate()
        process.wait(20)


def _wait(base: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"gunicorn stopped with {process.returncode}")
        try:
            requests.get(f"{base}/", timeout=5, allow_redirects=False)
            return
        except requests.RequestException:
            time.sleep(0.2)
    raise RuntimeError("gunicorn does not answer")


def signed_in(base: str) -> requests.Session:
    """Return a session of the seeded operator at the desk of that address."""
    session = requests.Session()
    session.get(f"{base}/login/")
    form = {
        "username": "bench",
        "password": PASSWORD,
        "csrfmiddlewaretoken": session.cookies["csrftoken"],
    }
    session.post(f"{base}/login/", form).raise_for_status()
    return session


def plain_session(signed_in: requests.Session) -> requests.Session:
    """Return a session of the same person that Django's own backends know."""
    user = get_user_model().objects.get()
    stored = SessionStore()
    stored[SESSION_KEY] = str(user.pk)
    stored[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    stored[HASH_SESSION_KEY] = user.get_session_auth_hash()
    stored.save()
    session = requests.Session()
    for name, value in (
        ("sessionid", stored.session_key),
        ("csrftoken", signed_in.cookies["csrftoken"]),
    ):
        session.cookies.set(name, value, domain="127.0.0.1", path="/")
    return session


def store_pids(name: str) -> list[int]:
    """Return the processes that answer a database's clients, and Redis's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
            [name],
        )
        backends = [row[0] for row in cursor.fetchall()]
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return [*backends, int(client.info("server")["process_id"])]


def cpu(pids: list[int]) -> float:
    """Seconds of processor time the processes have used so far."""
    return sum(_ran(pid) for pid in pids) / NANO


def _ran(pid: int) -> int:
    ran = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            ran += int(path.read_text().split()[0])
        except OSError:  # gone meanwhile
            continue
    return ran


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]
