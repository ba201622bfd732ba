"""
Stops the embedded servers once nobody uses them, even if their last user was killed.

A process of its own, started with the servers, out of reach of Ctrl+C. It looks every
other second whether anybody holds ``users.lock``, and does the rest through
``embedded``. Only the standard library is loaded while it waits.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

EVERY = 2.0  # seconds
STOP = (
    "import sys; from pathlib import Path; from agentiq import embedded; "
    "sys.exit(not embedded.stop(Path(sys.argv[1])))"
)


def spawn(folder: Path) -> None:
    """Start a keeper of the folder's servers, unless there is one."""
    with (folder / "keeper.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
    subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve()), str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    ).returncode = 0  # nobody waits for it, and nobody is to be warned of that


def keep(folder: Path) -> None:
    """Watch until the servers are stopped; only the first keeper stays."""
    with (folder / "keeper.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        stopped = False
        while not stopped and folder.is_dir():
            time.sleep(EVERY)
            stopped = _is_unused(folder) and _stop(folder)


def _is_unused(folder: Path) -> bool:
    """Look for users while none can come or go: both hold ``start.lock`` for that."""
    with contextlib.suppress(OSError), (folder / "start.lock").open("w") as start:
        fcntl.flock(start, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with (folder / "users.lock").open("r+") as users:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def _stop(folder: Path) -> bool:
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-c", STOP, str(folder)]
    environment = os.environ | {"AGENTIQ_ENV": "test"}  # asks for no keys
    return not subprocess.run(
        command, cwd=root, env=environment, check=False
    ).returncode


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
