"""``manage.py open_shop``: a shop, its owner and its WB token, without a browser."""

import os
import sys
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from promos import shops, tokens
from promos.models import Seller


class Command(BaseCommand):
    """The token is read from a file or standard input: an argument shows in `ps`."""

    help = "Открыть магазин: владелец, пароль и токен WB. Повтор меняет токен."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="название магазина")
        parser.add_argument("--login", required=True, help="логин владельца")
        parser.add_argument(
            "--token-file",
            default="",
            help="файл с токеном WB; - значит стандартный ввод",
        )
        parser.add_argument(
            "--secret-file",
            default="",
            help="файл с X-Client-Secret для сервисного токена",
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Open the shop, or find it by name, and enter the token."""
        owner, password = _owner(options["login"])
        seller = Seller.objects.filter(
            name=options["name"], memberships__user=owner
        ).first() or shops.open_shop(options["name"], owner)
        if options["token_file"]:
            try:
                row = tokens.enter(
                    seller,
                    _read(options["token_file"]),
                    _read(options["secret_file"]),
                    by=owner,
                    now=timezone.now(),
                )
            except tokens.TokenRefused as error:
                raise CommandError(f"{error.message} Ничего не изменено.") from None
            self.stdout.write(f"Токен принят: {row}.")
        self.stdout.write(f"Магазин «{seller.name}», логин {owner.get_username()}.")
        if password:
            self.stdout.write(f"Пароль: {password}")


def _owner(login: str) -> tuple[Any, str]:
    """Return the person, and their password if it was made up here."""
    users = get_user_model().objects
    found = users.filter(username=login).first()
    if found:
        return found, ""
    given = os.environ.get("OWNER_PASSWORD", "")
    password = given or get_random_string(14)
    try:
        validate_password(password)
    except ValidationError as error:
        raise CommandError("OWNER_PASSWORD: " + " ".join(error.messages)) from None
    return users.create_user(login, password=password), "" if given else password


def _read(path: str) -> str:
    """Return what the file holds, standard input for -, nothing for no path."""
    if path == "-":
        return sys.stdin.read()
    try:
        return Path(path).read_text() if path else ""
    except OSError as error:
        raise CommandError(f"Файл {path} не читается: {error.strerror}.") from None
