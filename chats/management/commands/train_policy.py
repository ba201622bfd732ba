"""``manage.py train_policy``: the weights of the outbound judge from its frames."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chats.management.commands.train_analyzer import ONE_THREAD
from chats.policy.judge import WEIGHTS


class Command(BaseCommand):
    """Trains in a process of its own, on one thread, as ``train_analyzer`` does."""

    help = "Train the outbound judge; the same frames give the same bytes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where the weights go."""
        parser.add_argument("--out", type=Path, default=WEIGHTS, help="file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        """Train and print how many sentences were used and the size."""
        command = [sys.executable, "-m", "chats.policy.learning"]
        done = subprocess.run(
            [*command, "--out", str(options["out"])],
            check=False,
            env=os.environ | ONE_THREAD,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise CommandError(done.stderr.strip() or "training failed")
        self.stdout.write(done.stdout.strip())
