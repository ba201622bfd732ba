import threading
from types import SimpleNamespace

import pytest

from agentiq import limiter
from agentiq.limiter import RedisLimiter
from agentiq.wb.errors import WbForbidden
from agentiq.wb.records import RateHeaders
from agentiq.wb.tokens import TokenKind

PERSONAL = TokenKind.PERSONAL


class Clock:
    def __init__(self):
        self.now = 1_764_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(clock):
    def make(seller="shop", kind=PERSONAL, **options):
        return RedisLimiter(seller, kind, clock=clock, **options)

    return make


def taken(limiter, method="send", most=30):
    for count in range(most):
        if limiter.acquire(method) > 0:
            return count
    return most


def test_ten_leave_at_once_and_the_eleventh_is_told_how_long_to_wait(make):
    mine = make(margin=0)

    assert [mine.acquire("send") for _ in range(10)] == [0.0] * 10
    assert mine.acquire("send") == pytest.approx(10, abs=0.001)


def test_the_window_opens_only_after_its_whole_period_and_the_margin(make, clock):
    mine = make(margin=0.15)
    taken(mine)

    clock.now += 10.14
    assert mine.acquire("send") == pytest.approx(0.01, abs=0.002)
    clock.now += 0.02
    assert mine.acquire("send") == 0


def test_the_bucket_reading_lets_one_more_out_each_second(make, clock):
    mine = make(reading="bucket", margin=0)
    taken(mine)

    clock.now += 1.0
    assert mine.acquire("send") > 0  # ours fills 1 % slower than WB's
    clock.now += 0.011
    assert mine.acquire("send") == 0


@pytest.mark.parametrize("step", [0.05, 0.4, 1.0, 3.3])
def test_no_ten_seconds_ever_hold_more_than_ten_requests(make, clock, step):
    mine, moments = make(), []

    for _ in range(int(60 / step)):
        if mine.acquire("send") == 0:
            moments.append(clock.now)
        clock.now += step

    most = max(sum(m <= other < m + 10 for other in moments) for m in moments)
    assert most <= 10
    assert len(moments) >= min(57, int(60 / step) - 1) * 0.95


def test_a_slow_answer_counts_when_it_came_not_when_it_was_asked(make, clock):
    mine = make(margin=0)
    assert mine.acquire("send") == 0
    clock.now += 4
    mine.observe("send", RateHeaders(), 200)
    taken(mine)

    clock.now += 9.9
    assert mine.acquire("send") == pytest.approx(0.1, abs=0.01)


def test_what_wb_says_is_left_is_believed_when_it_is_less(make):
    mine = make()
    mine.acquire("events")

    mine.observe("events", RateHeaders(limit=10, remaining=2, reset=8), 200)

    assert taken(mine, "events") == 2


def test_a_window_that_wb_counts_as_we_do_costs_the_bucket_nothing(make, clock):
    mine = make()
    for left in range(9, -1, -1):
        assert mine.acquire("send") == 0
        mine.observe("send", RateHeaders(limit=10, remaining=left), 200)
        clock.now += 0.1

    clock.now += 9.16  # the first of the ten is out of the window
    for _ in range(5):
        assert mine.acquire("send") == 0
        mine.observe("send", RateHeaders(limit=10, remaining=0), 200)
        clock.now += 0.1


def test_headers_that_agree_cost_nothing(make):
    mine = make()
    for left in range(9, 4, -1):
        assert mine.acquire("events") == 0
        mine.observe("events", RateHeaders(limit=10, remaining=left), 200)

    assert taken(mine, "events") == 5


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(1, 1), (40, 40), (86_400, 86_400), (999_999, 86_400), (0, 1), (None, 1.01)],
)
def test_a_429_stops_its_group_for_as_long_as_wb_asks(make, clock, asked, seconds):
    mine = make()
    mine.acquire("send")
    mine.observe("send", RateHeaders(retry=asked), 429)

    assert mine.acquire("send") == pytest.approx(seconds + limiter.MARGIN, abs=0.02)
    assert mine.acquire("events") == 0
    assert make("another").acquire("send") == 0
    assert make(kind=TokenKind.SERVICE).acquire("send") == 0
    clock.now += seconds + 1.3
    assert mine.acquire("send") == 0


def test_methods_of_one_group_share_it(make):
    mine = make(margin=0)

    assert taken(mine, "goods") == 5  # the bucket of the prices group
    assert mine.acquire("uploads") > 0


def test_two_tokens_of_one_kind_share_the_seller_s_limit(make):
    assert taken(make()) + taken(make()) == 10


def test_402_stops_every_call_of_this_seller_and_kind(make):
    mine = make(kind=TokenKind.SERVICE)
    mine.acquire("events")
    mine.observe("events", RateHeaders(), 402)

    assert mine.acquire("send") == pytest.approx(limiter.UNPAID_PAUSE, abs=2)
    assert make("another", kind=TokenKind.SERVICE).acquire("send") == 0
    mine.resume()
    assert mine.acquire("send") == 0


def test_an_emptied_redis_forgives_nothing(make, clock, settings):
    mine = make(margin=0)
    taken(mine)
    for key in limiter.connection().scan_iter(f"{settings.REDIS_PREFIX}*"):
        limiter.connection().delete(key)

    clock.now += 1
    assert mine.acquire("send") == pytest.approx(10, abs=0.01)
    clock.now += 10.01
    assert mine.acquire("send") == 0


def test_a_redis_that_is_down_stops_calls_and_nothing_else(make, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert make().acquire("send") == limiter.WITHOUT_REDIS


def test_a_method_closed_to_the_kind_is_refused_here(make):
    with pytest.raises(WbForbidden):
        make(kind=TokenKind.BASE).acquire("sales-reports")


def test_threads_share_one_limit():
    won = []

    def work():
        mine = RedisLimiter("shop", PERSONAL)
        won.extend(mine.acquire("send") == 0 for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert won.count(True) == 10


def test_a_row_without_uuid_has_a_limit_of_its_own(settings):
    rows = [
        SimpleNamespace(seller_uuid="", seller_id=pk, kind="personal", sealed_secret="")
        for pk in (1, 2)
    ]
    one, two = (RedisLimiter.for_token(row, settings) for row in rows)

    assert taken(one) == 10
    assert two.acquire("send") == 0
