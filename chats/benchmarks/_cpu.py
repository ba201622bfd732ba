"""Seconds of processor time, of this process and of its PostgreSQL session."""

import os
import time
from pathlib import Path

from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")


def spent(backend: int) -> float:
    """Return what this process and a database session have used so far."""
    return time.process_time() + of(backend)


def of(process: int) -> float:
    """Return what a local process has used, 0 when it is elsewhere."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def backend() -> int:
    """Return the process that serves this connection to the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
