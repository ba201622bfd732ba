"""``manage.py train_analyzer``: the analyser's weights from the training messages."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chats.analyzer.heads import HEADS

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Command(BaseCommand):
    """
    Trains in a process of its own.

    Sums over several threads round differently from run to run, and the number
    of threads can only be set before numpy is loaded.
    """

    help = "Train the analyser; the same data gives the same bytes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where more data comes from and where the weights go."""
        parser.add_argument(
            "--extra",
            type=Path,
            action="append",
            default=[],
            help="folder of more messages, laid out as chats/analyzer/training",
        )
        parser.add_argument("--out", type=Path, default=HEADS, help="file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        """Train and print the version, the examples used and the size."""
        extra = (part for folder in options["extra"] for part in ("--extra", folder))
        out = ("--out", options["out"])
        self.stdout.write(train_alone("chats.analyzer.learning", *out, *extra))


def train_alone(module: str, *arguments: object) -> str:
    """Run a module that trains, in a process of one thread; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        check=False,
        env=os.environ | ONE_THREAD,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CommandError(done.stderr.strip() or "training failed")
    return done.stdout.strip()
