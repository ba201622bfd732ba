"""``manage.py export_corrections DIR``: what operators corrected, as training data."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_scopes import scopes_disabled

from chats import corrections
from chats.models import Correction


class Command(BaseCommand):
    """All shops together, without personal data; the shop is not named."""

    help = "Write corrected messages for train_analyzer --extra DIR."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the folder, and how to keep to one shop."""
        parser.add_argument("folder", type=Path, help="folder to write into")
        parser.add_argument("--seller", type=int, help="key of the only shop to take")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files and say how many messages they hold."""
        folder: Path = options["folder"]
        if any((folder / corrections.FOLDER).glob("*")):
            raise CommandError(f"{folder / corrections.FOLDER} is not empty")
        with scopes_disabled():
            rows = Correction.objects.all()
            if options["seller"] is not None:
                rows = rows.filter(seller=options["seller"])
            written = corrections.export(rows, folder)
        self.stdout.write(f"{written} messages in {folder}")
