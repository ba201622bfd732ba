"""``manage.py demo``: the whole loop on one machine, against a simulated WB."""

import logging
import os
import secrets
import shutil
import signal
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from django_scopes import scopes_disabled

from agentiq import embedded
from agentiq.celery import app
from agentiq.wb.simulator import Remote
from chats.demo import people, seed, shop
from chats.demo.buyers import Buyers
from chats.demo.processes import ProcessError, Processes, port_is_free
from chats.models import FeedCursor
from promos.models import Seller

HOSTS = {
    "WB_CHAT_URL": "buyer-chat-api",
    "WB_CALENDAR_URL": "dp-calendar-api",
    "WB_PRICES_URL": "discounts-prices-api",
    "WB_CONTENT_URL": "content-api",
    "WB_COMMON_URL": "common-api",
    "WB_FINANCE_URL": "finance-api",
    "WB_STATISTICS_URL": "statistics-api",
    "WB_ANALYTICS_URL": "seller-analytics-api",
    "WB_FEEDBACKS_URL": "feedbacks-api",
    "WB_RETURNS_URL": "returns-api",
}
STEPS = 6


class Command(BaseCommand):
    help = "Запустить демо-магазин с имитацией WB; Ctrl+C останавливает всё."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--reset", action="store_true", help="начать заново")
        parser.add_argument(
            "--chats", type=int, default=people.STORIES, help="сколько чатов завести"
        )
        parser.add_argument(
            "--quiet-buyers", action="store_true", help="покупатели молчат"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _interrupt)
        logging.disable(logging.INFO)  # what a person reads here is told in words
        self.started = time.monotonic()
        self.port = options["port"]
        self.folder = Path(settings.DATA_DIR)
        self.state = self.folder / "demo" / "wb.json"
        self.processes = Processes(self.folder / "demo" / "logs")
        try:
            self._run(**options)
        except KeyboardInterrupt:
            self.stdout.write("\nОстанавливаю …")
        except ProcessError as error:
            raise CommandError(str(error)) from None
        finally:
            _ignore_interrupts()
            self._stop()

    def _run(
        self, *, reset: bool, quiet_buyers: bool, chats: int, **options: Any
    ) -> None:
        if not port_is_free(self.port):
            raise CommandError(
                f"порт {self.port} занят другой программой. "
                f"Выберите другой: make demo PORT={self.port + 10}"
            )
        self._prepare(reset=reset, chats=chats)
        remote = self._start()
        self._greet()
        self._live(remote, quiet_buyers=quiet_buyers)

    # Data

    def _prepare(self, *, reset: bool, chats: int) -> None:
        self._step(1, "база данных")
        if reset:
            self._clear()
        call_command("migrate", verbosity=0, interactive=False)
        self._step(2, "демо-магазин")
        with scopes_disabled():
            found = list(Seller.objects.values_list("is_demo", flat=True))
        if found and not all(found):
            raise CommandError(
                "в этой базе настоящий магазин. Для демо задайте другую DATABASE_URL "
                "или уберите её: тогда запустится встроенный PostgreSQL."
            )
        if found and self.state.exists():
            self.stdout.write("      данные прошлого запуска сохранены")
            return
        if found:  # an earlier seeding was cut short: nothing of worth is lost
            self._clear()
            call_command("migrate", verbosity=0, interactive=False)
        seed.seed(self.state, now=timezone.now(), count=chats, tell=self._detail)

    def _clear(self) -> None:
        """Empty the demo's database; never one with a real shop in it."""
        known = "promos_seller" in connection.introspection.table_names()
        if known and Seller.objects.filter(is_demo=False).exists():
            raise CommandError("в этой базе настоящий магазин: RESET=1 её не тронет.")
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
        shutil.rmtree(self.state.parent, ignore_errors=True)
        (self.state.parent / "logs").mkdir(parents=True)
        app.control.purge()

    # Processes

    def _start(self) -> Remote:
        self._step(3, "имитация Wildberries")
        url = self._start_simulator()
        remote = Remote(url)
        env = self._environment(url)
        self._step(4, "веб-сервер")
        self.processes.start(
            "web",
            "gunicorn",
            "agentiq.wsgi:application",
            *("--bind", f"127.0.0.1:{self.port}"),
            *("--workers", "2", "--threads", "4", "--graceful-timeout", "3"),
            *("--log-level", "warning"),
            env=env,
        )
        self._step(5, "обработчик и расписание")
        self.processes.start(
            "worker",
            *("celery", "-A", "agentiq", "worker", "--concurrency", "2"),
            *("--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
            *("--hostname", f"demo-{secrets.token_hex(3)}@%h"),
            env=env,
        )
        beat = self.folder / "demo" / "beat"
        self.processes.start(
            "beat",
            *("celery", "-A", "agentiq", "beat", "--loglevel", "WARNING"),
            *("--schedule", str(beat), "--pidfile="),
            env=env,
        )
        self._step(6, "жду, пока всё ответит")
        since = timezone.now()
        self.processes.wait("web", self._web_answers, seconds=60)
        self.processes.wait("worker", _worker_answers, seconds=60)
        self.processes.wait("beat", lambda: _polled(since), seconds=60)
        return remote

    def _start_simulator(self) -> str:
        child = self.processes.start(
            "wb",
            *("agentiq.wb.simulator", "--state", str(self.state)),
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        self.processes.wait("wb", lambda: b"http" in child.log.read_bytes(), seconds=30)
        return child.log.read_text().split()[0]

    def _environment(self, url: str) -> dict[str, str]:
        """Children share our servers and speak to the simulated WB alone."""
        hosts = {name: f"{url}/{host}.wildberries.ru" for name, host in HOSTS.items()}
        return (
            os.environ
            | hosts
            | {
                "AGENTIQ_ENV": "development",
                "DJANGO_SETTINGS_MODULE": "agentiq.settings",
                "DATABASE_URL": settings.DATABASE_URL,
                "REDIS_URL": settings.REDIS_URL,
                "DATA_DIR": str(self.folder),
                "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
                "PYTHONUNBUFFERED": "1",
                "NO_PROXY": "127.0.0.1,localhost",
            }
        )

    def _web_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._address}login/", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            return False
        except OSError:
            return False

    def _stop(self) -> None:
        self.processes.stop()
        connection.close()
        embedded.stop(self.folder)
        self.stdout.write("Всё остановлено, данные сохранены.")

    # While it runs

    def _live(self, remote: Remote, *, quiet_buyers: bool) -> None:
        buyers = Buyers(remote, seed=int(time.time()) % 9973)
        while True:
            time.sleep(1)
            for name in self.processes.revive():
                self.stdout.write(f"{name} остановился, запускаю снова")
            if quiet_buyers:
                continue
            try:
                buyers.act(timezone.now())
            except (OSError, ValueError):
                continue  # the simulator is being started again
            while buyers.said:
                self.stdout.write(
                    f"{timezone.localtime():%H:%M:%S}  {buyers.said.pop(0)}"
                )

    def _greet(self) -> None:
        seconds = time.monotonic() - self.started
        self.stdout.write(f"\nГотово за {seconds:.0f} с. Откройте {self._address}\n\n")
        for username, _, _, what, password in shop.LOGINS:
            self.stdout.write(f"  {what:<9} {username:<9} пароль {password}")
        self.stdout.write(
            f"\nЧаты: {self._address}   Кабинет продавца: {self._address}admin/\n"
            f"Журналы: {self.folder / 'demo' / 'logs'}\n"
            "Покупатели ненастоящие, наружу ничего не уходит. Ctrl+C остановит всё.\n"
        )

    @property
    def _address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def _step(self, number: int, what: str) -> None:
        self.stdout.write(f"{number}/{STEPS} {what} …")

    def _detail(self, what: str) -> None:
        self.stdout.write(f"      {what}")


def _interrupt(number: int, frame: Any) -> None:
    _ignore_interrupts()  # a second Ctrl+C must not cut the stopping short
    raise KeyboardInterrupt


def _ignore_interrupts() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _worker_answers() -> bool:
    return bool(app.control.ping(timeout=0.5))


def _polled(since: Any) -> bool:
    """Return whether beat, worker and the simulated WB have met: the feed was read."""
    with scopes_disabled():
        return FeedCursor.objects.filter(polled_at__gt=since).exists()
