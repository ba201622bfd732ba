"""``manage.py bench NAME``: one of the measurements of ``chats.benchmarks``."""

import json
import pkgutil
from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chats import benchmarks


class Command(BaseCommand):
    """Prints what a measurement yields, a line of JSON for each figure."""

    help = "Measure a part of the product; prints JSON lines."

    def add_arguments(self, parser: CommandParser) -> None:
        """Give each module of chats.benchmarks its own subcommand."""
        parts = parser.add_subparsers(
            dest="name", required=True, parser_class=ArgumentParser
        )
        for module in pkgutil.iter_modules(benchmarks.__path__):
            if module.name.startswith("_"):
                continue
            part = parts.add_parser(module.name)
            import_module(f"chats.benchmarks.{module.name}").add_arguments(part)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one measurement and print its figures as they come."""
        module = import_module(f"chats.benchmarks.{options['name']}")
        for figures in module.run(options):
            self.stdout.write(json.dumps(figures, ensure_ascii=False))
