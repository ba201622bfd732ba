"""Structured logs: one JSON object a line, with request and chat, without secrets."""

import contextvars
import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

request_id: contextvars.ContextVar[str] = contextvars.ContextVar(
    "request_id", default=""
)

# A WB token is a JWT; a Telegram bot token is digits:letters. Neither may be logged.
_SECRETS = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|\b\d{8,12}:[\w-]{30,}|(?<=Bearer )\S+"
)
_STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class ContextFilter(logging.Filter):
    """Adds the id of the request (or task) that is being served."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class JsonFormatter(logging.Formatter):
    """A record as one JSON line; keys given in ``extra`` are kept."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {k: v for k, v in record.__dict__.items() if k not in _STANDARD and v}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return _SECRETS.sub("***", json.dumps(line, ensure_ascii=False, default=str))
