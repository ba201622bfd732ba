"""``manage.py rotate_tokens``: seal every stored secret with the newest of TOKEN_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from promos import tokens


class Command(BaseCommand):
    """After it, the older entries of TOKEN_KEYS may go."""

    help = "Перешифровать токены и секреты первым ключом из TOKEN_KEYS."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Reseal all of them, and fail loudly over those no key opens."""
        done, unreadable = tokens.rotate()
        self.stdout.write(f"Перешифровано секретов: {done}.")
        if unreadable:
            raise CommandError(
                f"Не открываются ни одним ключом: {unreadable}. Верните прежний ключ "
                "в TOKEN_KEYS или введите эти секреты заново. Ничего не изменено."
            )
