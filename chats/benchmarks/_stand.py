"""
Where the desk is measured: databases of its own, servers, and CPU time.

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
from pathlib import Path
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

from chats.benchmarks import _rows, _scratch

WORKERS = 2
NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Server:
    """A gunicorn under measurement: its address, processes, and who is signed in."""

    base: str
    pids: list[int]
    session: requests.Session


@contextmanager
def database(name: str, *, like: str = "") -> Iterator[str]:
    """A migrated database, or a copy of one, by its name; gone afterwards."""
    home = connection.settings_dict["NAME"]
    with _scratch.database(f"desk_{name}", like=like):
        made = connection.settings_dict["NAME"]
        if not like:
            call_command("migrate", verbosity=0)
        with using(home):
            yield made


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
        "password": _rows.PASSWORD,
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
