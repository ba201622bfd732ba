"""A simulated WB at noon in Moscow, and clients that talk to it over a socket."""

from datetime import UTC, datetime, timedelta

import pytest

from agentiq.wb.client import Hosts, WbClient
from agentiq.wb.simulator import Simulator, serve

NOON = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def pass_(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sim(clock):
    return Simulator(clock=clock, sleep=clock.pass_, control=True)


@pytest.fixture
def running(sim):
    with serve(sim) as running:
        yield running


@pytest.fixture
def connect(sim, running):
    made = []

    def connect(token=None, **options):
        token = token or sim.make_token(sid=sim.add_seller(sid="shop"))
        hosts = options.pop("hosts", Hosts.all_at(running.url))
        made.append(WbClient(token, hosts=hosts, timeout=(2, 2), **options))
        return made[-1]

    yield connect
    for client in made:
        client.close()


@pytest.fixture
def wb(connect):
    return connect()
