#!/usr/bin/env python
"""Command line of AgentIQ: `manage.py demo`, `manage.py migrate`, `manage.py bench` …"""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentiq.settings")
os.environ.setdefault("AGENTIQ_ENV", "development")


def main() -> None:
    """Run one command; a wrong setting or a missing server is one line, no trace."""
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"AgentIQ: {error}")
    except OperationalError as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(
            "AgentIQ: база данных не отвечает. Проверьте DATABASE_URL и сервер "
            f"PostgreSQL, затем повторите команду. ({str(error).strip()})"
        )


if __name__ == "__main__":
    main()
