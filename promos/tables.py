"""Files as people save them: CSV in the encoding and with the separator of Excel."""

from typing import Any

from import_export.formats import base_formats

SEPARATORS = ";\t,"


class Csv(base_formats.CSV):
    """
    CSV of any spreadsheet: UTF-8 or Windows-1251, with «;», tabs or commas.

    Russian Excel writes the first of each, the rest of the world the other.
    """

    def is_binary(self) -> bool:
        """Say that bytes are wanted: what they mean is found out here."""
        return True

    def get_read_mode(self) -> str:
        """Return how a kept file is read again."""
        return "rb"

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> Any:
        """Return the table in the bytes of a file."""
        text = _text(in_stream)
        header = text.partition("\n")[0]
        separator = max(SEPARATORS, key=header.count)
        return super().create_dataset(text, **kwargs | {"delimiter": separator})


def _text(content: bytes | str) -> str:
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251")
