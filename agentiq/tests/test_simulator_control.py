import subprocess
import sys
from contextlib import contextmanager

import pytest

from agentiq.tests.conftest import (
    NOON,
    texts,
)
from agentiq.wb import errors
from agentiq.wb.simulator import Remote
from agentiq.wb.simulator.__main__ import main


def test_another_process_drives_it_by_the_same_names(sim, running, wb):
    remote = Remote(running.url)
    chat_id = remote.new_chat(text="Здравствуйте!", at=NOON)
    remote.buyer_says(
        chat_id=chat_id, text="фото", files=[["a.png", "image/png", b"\x89PNG"]]
    )
    remote.fault(kind="5xx", method="events")
    remote.set(page_size=1, window="off")

    with pytest.raises(errors.WbUnavailable):
        wb.events()
    assert texts(wb.events()) == ["Здравствуйте!"]
    assert remote.calls() == {"events": 2}
    assert [fault["hits"] for fault in remote.faults()] == [1]
    assert remote.sent() == []
    assert [it["chatID"] for it in remote.chats()] == [chat_id]
    with pytest.raises(ValueError, match="no such chat"):
        remote.buyer_says(chat_id="?", text="a")
    with pytest.raises(ValueError, match="no such call"):
        remote.answer()


def test_without_control_nobody_drives_it(sim, running):
    sim.control = False

    with pytest.raises(ValueError, match="control is off"):
        Remote(running.url).sent()


@contextmanager
def process(*arguments):
    command = [sys.executable, "-m", "agentiq.wb.simulator", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child.stdout.readline().strip()
        finally:
            child.terminate()
            child.wait(10)
    assert child.returncode == 0


def test_as_a_process_it_keeps_its_chats_from_run_to_run(tmp_path):
    state = ("--state", str(tmp_path / "state" / "wb.json"))
    with process(*state) as url:
        Remote(url).add_seller(sid="shop")
        chat_id = Remote(url).new_chat(text="Здравствуйте!")

    with process(*state) as url:
        [chat] = Remote(url).chats()

    assert chat["chatID"] == chat_id
    assert chat["lastMessage"]["text"] == "Здравствуйте!"


def test_a_taken_port_is_said_in_one_line(running, capsys):
    assert main(["--port", str(running.port)]) == 1

    assert f"cannot listen on port {running.port}" in capsys.readouterr().err
