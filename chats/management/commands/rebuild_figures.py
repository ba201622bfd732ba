"""Make the chat side's daily figures anew, after a restored backup or a doubt."""

from typing import Any

from django.core.management.base import BaseCommand
from django_scopes import scope

from chats import tallies
from promos.models import Seller


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--seller", type=int, help="one shop only, by its number")

    def handle(self, *args: Any, **options: Any) -> None:
        sellers = Seller.objects.order_by("pk")
        if options["seller"]:
            sellers = sellers.filter(pk=options["seller"])
        for seller in sellers:
            with scope(seller=seller):
                counted = tallies.rebuild(seller)
            self.stdout.write(f"{seller}: {counted}")
