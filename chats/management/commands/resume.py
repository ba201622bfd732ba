"""``manage.py resume``: try WB again at once, after a payment or a mended key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from chats import resuming
from promos.models import Seller


class Command(BaseCommand):
    """Does what the button of the status page does, for one shop or all of them."""

    help = "Снова обращаться к WB: баланс пополнен или токен исправлен."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take numbers of shops, as /readyz and the logs name them."""
        parser.add_argument("shops", nargs="*", type=int, help="номера магазинов")
        parser.add_argument("--all", action="store_true", help="все остановленные")

    def handle(self, *args: Any, **options: Any) -> None:
        """Resume each shop, and say which."""
        if bool(options["shops"]) == options["all"]:
            raise CommandError("Назовите номера магазинов или --all.")
        now, resumed = timezone.now(), 0
        rows = Seller.objects.filter(is_active=True).order_by("pk")
        for seller in rows if options["all"] else rows.filter(pk__in=options["shops"]):
            if options["all"] and not resuming.is_stopped(seller, now=now):
                continue
            resuming.resume(seller, now=now)
            self.stdout.write(f"{seller.pk} {seller.name}: снова обращаемся к WB")
            resumed += 1
        if options["shops"] and resumed < len(set(options["shops"])):
            raise CommandError("Не все номера — действующие магазины.")
        if not resumed:
            self.stdout.write("Остановленных магазинов нет.")
