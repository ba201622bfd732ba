"""The settings as a stranger meets them: another process, an environment, a sentence."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "AGENTIQ_ENV": "production",
    "SECRET_KEY": "k7Rw2nQv9zLx4TgBh6YpJd1sMc8fKaEu3oWiXrZtNbVqPyHjUl",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "TOKEN_KEYS": "T3BlbiBzZXNhbWUsIHRoaXJ0eS10d28gYnl0ZXMhISE=",
    "ALLOWED_HOSTS": "agentiq.example",
}
_OURS = re.compile(
    r"AGENTIQ_ENV|SECRET_KEY|DATABASE|REDIS|TOKEN_KEYS|DEBUG|ALLOWED_HOSTS|DATA_DIR|"
    r"WB_|DJANGO_|LLM_|PYTEST|COV"
)


def _run(*arguments, tmp_path, **changes):
    kept = {name: value for name, value in os.environ.items() if not _OURS.match(name)}
    wanted = kept | {"DATA_DIR": str(tmp_path)} | PRODUCTION | changes
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=BASE,
        env={name: value for name, value in wanted.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "TOKEN_KEYS"]
)
def test_production_without_a_needed_variable_is_refused_in_one_line(name, tmp_path):
    done = _run("manage.py", "check", tmp_path=tmp_path, **{name: None})

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"нужно задать {name}" in done.stderr
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"DEBUG": "true"}, "DEBUG включён в рабочем режиме"),
        ({"DEBUG": "maybe"}, "DEBUG='maybe' не подходит"),
        ({"AGENTIQ_ENV": "prod"}, "AGENTIQ_ENV='prod' не подходит"),
        ({"DATABASE_URL": "sqlite:///x.db"}, "должен вести на PostgreSQL"),
        ({"WB_SEND_PROFILE": "fast"}, "WB_SEND_PROFILE='fast' не подходит"),
        ({"WB_READ_TIMEOUT": "soon"}, "WB_READ_TIMEOUT задан неверно"),
        ({"WB_SETTLE_POLLS": "3.5"}, "WB_SETTLE_POLLS задан неверно"),
        ({"WB_CHAT_URL": "wildberries"}, "WB_CHAT_URL='wildberries' не похоже"),
    ],
)
def test_a_wrong_value_stops_the_start_with_one_line(change, words, tmp_path):
    done = _run("manage.py", "check", tmp_path=tmp_path, **change)

    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_production_passes_the_deployment_checks(tmp_path):
    done = _run(
        "manage.py",
        *("check", "--deploy", "--fail-level", "WARNING"),
        tmp_path=tmp_path,
    )

    assert done.returncode == 0, done.stderr


def test_a_database_that_is_down_is_one_line_on_the_terminal(tmp_path):
    done = _run("manage.py", "migrate", tmp_path=tmp_path)

    assert done.returncode == 1
    assert "база данных не отвечает" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_down_is_a_503_page_in_russian(tmp_path):
    script = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "client = Client(raise_request_exception=False)\n"
        "client.cookies['sessionid'] = 'a' * 32\n"
        "answer = client.get('/admin/', headers={'host': 'agentiq.example'})\n"
        "print(answer.status_code, answer.get('Retry-After'), answer.content.decode())"
    )
    done = _run(
        *("-c", script),
        tmp_path=tmp_path,
        DJANGO_SETTINGS_MODULE="agentiq.settings",
        AGENTIQ_ENV="development",
        PYTHONIOENCODING="utf-8",
    )

    assert done.stdout.startswith("503 10 "), done.stdout + done.stderr
    assert "База данных" in done.stdout


def test_the_worker_is_production_unless_told_otherwise(tmp_path):
    done = _run(
        *("-c", "import agentiq.celery; agentiq.celery.app.conf.broker_url"),
        tmp_path=tmp_path,
        AGENTIQ_ENV=None,
        SECRET_KEY=None,
    )

    assert "нужно задать SECRET_KEY" in done.stderr


def test_every_variable_that_settings_read_is_in_the_readme():
    source = (BASE / "agentiq" / "settings.py").read_text(encoding="utf-8")
    calls = r'(?:env\.(?:str|list|email_url)|_choice|_url)\(\s*"([A-Z_]+)"'
    typed = r'_typed\(\s*"\w+",\s*"([A-Z_]+)"'
    read = set(re.findall(calls, source)) | set(re.findall(typed, source))

    readme = (BASE / "README.md").read_text(encoding="utf-8")
    missing = {name for name in read if f"`{name}`" not in readme}
    assert len(read) > 30
    assert missing == set()


def test_a_server_without_collected_files_says_what_to_do(tmp_path):
    done = _run(
        "-c", "import agentiq.wsgi", tmp_path=tmp_path, STATIC_ROOT=str(tmp_path)
    )

    assert done.returncode == 1
    assert "manage.py collectstatic --no-input" in done.stderr.splitlines()[-1]
