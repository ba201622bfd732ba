"""The embedded servers, used by processes of their own as the demo's are."""

import os
import subprocess
import sys
import time
from pathlib import Path

BASE = Path(__file__).resolve().parents[2]
START = """
import sys
from pathlib import Path
import psycopg, redis
from agentiq import embedded
folder = Path(sys.argv[1])
urls = embedded.start_postgres(folder), embedded.start_valkey(folder)
assert urls == (embedded.start_postgres(folder), embedded.start_valkey(folder))
with psycopg.connect(urls[0]) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
    connection.execute("INSERT INTO kept VALUES (1)")
    rows = connection.execute("SELECT count(*) FROM kept").fetchone()[0]
print(*urls, rows, redis.Redis.from_url(urls[1]).incr("kept"), flush=True)
sys.stdin.readline()
"""


def _use(folder):
    kept = {k: v for k, v in os.environ.items() if k != "DATA_DIR"}
    return subprocess.Popen(
        [sys.executable, "-c", START, str(folder)],
        cwd=BASE,
        env=kept | {"AGENTIQ_ENV": "test"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_servers_are_shared_stop_with_the_last_user_and_keep_their_data(tmp_path):
    first = _use(tmp_path)
    urls = first.stdout.readline().split()
    second = _use(tmp_path)
    shared = second.stdout.readline().split()

    assert shared[:2] == urls[:2]
    assert (urls[2], shared[2], shared[3]) == ("1", "2", "2")

    first.communicate("\n", timeout=30)
    assert _running(tmp_path)  # the second still needs them
    second.communicate("\n", timeout=30)
    assert not _running(tmp_path)

    third = _use(tmp_path)
    assert third.stdout.readline().split()[2:] == ["3", "3"]
    third.communicate("\n", timeout=30)
    assert not _running(tmp_path)


def test_a_killed_user_does_not_keep_the_servers(tmp_path):
    killed = _use(tmp_path)
    killed.stdout.readline()
    assert _running(tmp_path)

    killed.kill()
    killed.communicate()

    ends = time.monotonic() + 60
    while _running(tmp_path) and time.monotonic() < ends:
        time.sleep(0.1)
    assert not _running(tmp_path)
    assert not (tmp_path / "valkey" / "address").exists()


def _running(folder):
    pids = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command and b"postgres" in command:
            pids.append(entry.name)
    return pids
