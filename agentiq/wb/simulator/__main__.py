"""
The simulator as a process: ``python -m agentiq.wb.simulator --port 9000``.

Its sellers, chats and history live in ``--state`` from one run to the next; other
processes drive it through Remote. SIGINT or SIGTERM saves and ends it.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from agentiq.wb.simulator import Simulator, serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; 1 when the port is taken."""
    options = _options(arguments)
    simulator = Simulator(
        control=True, state=options.state, window=options.window, seed=options.seed
    )
    try:
        running = serve(simulator, options.port, host=options.host)
    except OSError as error:
        print(f"cannot listen on port {options.port}: {error}", file=sys.stderr)
        return 1
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with running:
        print(running.url, flush=True)
        while not stop.wait(options.save_every):
            _save(simulator, options.state)
    _save(simulator, options.state)
    return 0


def _save(simulator: Simulator, state: str | None) -> None:
    if state:
        simulator.save()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m agentiq.wb.simulator")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", help="file that keeps the chats between runs")
    parser.add_argument("--save-every", type=float, default=5.0, help="seconds")
    parser.add_argument(
        "--window", choices=("bucket", "sliding", "off"), default="bucket"
    )
    parser.add_argument("--seed", type=int, default=0, help="of random faults")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
