"""The integrator's quick start of the README is run as it is written."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from chats.models import Outgoing
from promos.tests.test_api import key_of

PRAISE = "Платье просто чудесное, ткань приятная, сидит идеально! Очень довольна!"


def commands():
    """The first block of commands below the heading of the API."""
    text = (settings.BASE_DIR / "README.md").read_text()
    return re.search(r"## API за пять минут.*?```sh\n(.*?)```", text, re.DOTALL)[1]


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl: apt-get install curl")
@pytest.mark.django_db(transaction=True)
def test_three_calls_send_a_reply_and_repeated_no_second(
    live_server, make_chat, make_code, seller, owner, tmp_path
):
    now = timezone.now()
    make_code(starts_at=now - timedelta(days=1), expires_at=now + timedelta(days=13))
    chat = make_chat(PRAISE)
    script = commands().replace("http://localhost:8000", live_server.url)
    script = script.replace("aiq_…", key_of(seller, owner))
    again = script.split("\n# 3")[1].partition("\n")[2]

    python = Path(sys.executable).parent
    ran = subprocess.run(
        ["bash", "-ec", f"{script}\necho\n{again}"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{python}:{os.environ['PATH']}"},
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )

    first, second = (line[line.index('{"id"') :] for line in ran.stdout.splitlines())
    assert json.loads(first) == json.loads(second)
    reply = Outgoing.objects.get()
    assert (reply.chat, reply.promo_code.code) == (chat, "SALE10")
    assert json.loads(first)["outgoing"]["text"] == reply.text
