"""The demo's own processes: started together, watched, and gone when it ends."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PATIENCE = 10.0  # seconds a process has to end by itself
_OFTEN = 4  # so many restarts …
_WITHIN = 60.0  # … in so many seconds are a fault, not an accident
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class ProcessError(RuntimeError):
    """A process of the demo does not run; the sentence names its log."""


@dataclass
class Child:
    """One process, the leader of its own group."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes]
    restarts: list[float] = field(default_factory=list)


class Processes:
    """
    Children by name; ``stop`` ends every one of them, with all that they started.

    Each is a group of its own, so Ctrl+C reaches only this process, which ends them
    in order. If this process is killed, the kernel tells its children to end.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: dict[str, Child] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, *arguments: str, env: Mapping[str, str]) -> Child:
        """Start ``python -m <arguments>``; what it prints goes to its log."""
        log = self._logs / f"{name}.log"
        log.write_bytes(b"")
        command = [sys.executable, "-m", *arguments]
        child = Child(name, command, env, log, _spawn(command, env, log))
        self._children[name] = child
        return child

    def revive(self) -> list[str]:
        """
        Start again what died and return the names.

        Raises ProcessError when one keeps dying.
        """
        revived = []
        for child in self._children.values():
            if child.process.poll() is None:
                continue
            _end_group(child.process, signal.SIGKILL)  # what it may have left behind
            recent = [at for at in child.restarts if at > time.monotonic() - _WITHIN]
            if len(recent) >= _OFTEN:
                raise ProcessError(
                    f"{child.name} не работает, причина в журнале {child.log}."
                )
            child.restarts = [*recent, time.monotonic()]
            child.process = _spawn(child.command, child.env, child.log)
            revived.append(child.name)
        return revived

    def wait(self, name: str, answers: Callable[[], bool], *, seconds: float) -> None:
        """Wait until a child answers. Raises ProcessError when it does not."""
        child = self._children[name]
        deadline = time.monotonic() + seconds
        while not answers():
            if child.process.poll() is not None or time.monotonic() > deadline:
                raise ProcessError(
                    f"{name} не запустился, причина в журнале {child.log}."
                )
            time.sleep(0.1)

    def stop(self) -> None:
        """End all, the last started first; who does not listen is killed."""
        children = list(reversed(self._children.values()))
        for child in children:
            _end_group(child.process, signal.SIGTERM, only_leader=True)
        deadline = time.monotonic() + _PATIENCE
        for child in children:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            _end_group(child.process, signal.SIGKILL)
            child.process.wait()
        self._children.clear()


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _spawn(
    command: Sequence[str], env: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # Safe here: only the main thread, before any other, starts children.
            preexec_fn=_end_with_parent if _LIBC else None,  # noqa: PLW1509
        )


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end_group(
    process: subprocess.Popen[bytes], number: int, *, only_leader: bool = False
) -> None:
    try:
        if only_leader:
            process.send_signal(number)
        else:
            os.killpg(process.pid, number)
    except ProcessLookupError:
        pass
