"""``manage.py train_policy``: the weights of the outbound judge and of the tagger."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chats.management.commands.train_analyzer import train_alone
from chats.policy import judge, tagger

TRAINED = {"learning": judge.WEIGHTS, "tagging": tagger.WEIGHTS}
"""Modules of ``chats.policy`` that train, and what each of them writes."""


class Command(BaseCommand):
    """Trains in processes of their own, on one thread, as ``train_analyzer`` does."""

    help = "Train the outbound judge and the tagger; the same texts, the same bytes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where the weights go."""
        folder = judge.WEIGHTS.parent
        parser.add_argument("--out", type=Path, default=folder, help="folder to write")

    def handle(self, *args: Any, **options: Any) -> None:
        """Train and print the size of each file."""
        for module, weights in TRAINED.items():
            out = options["out"] / weights.name
            self.stdout.write(train_alone(f"chats.policy.{module}", "--out", out))
