from datetime import UTC, date, datetime

import pytest

from agentiq.wb import errors
from agentiq.wb.records import NewsTag


@pytest.fixture
def shop(sim, wb):
    sim.throttle.window = "off"
    return sim


def test_the_seller_is_the_one_of_the_token(sim, connect):
    token = sim.make_token(sid="s-1")
    sim.add_seller(token, name="Лён и нить")

    info = connect(token).seller_info()

    assert (info.seller_uuid, info.name) == ("s-1", "Лён и нить")


def test_any_category_may_ask_who_it_is(sim, connect):
    sim.add_seller(sid="shop")

    assert connect(sim.make_token(categories=[], sid="shop")).seller_info()


def test_news_are_read_from_a_day_or_an_id_on(shop, wb):
    shop.add("news", {"id": 7369, "date": "2026-02-05T14:10:35+03:00", "header": "А\n"})
    shop.add("news", {"id": 7373, "date": "2026-02-06T18:14:58+03:00"})

    first, _ = wb.news(date(2026, 2, 5))
    [second] = wb.news(from_id=7370)

    assert (first.news_id, first.header) == (7369, "А")
    assert first.published_at == datetime(2026, 2, 5, 11, 10, 35, tzinfo=UTC)
    assert second.tags == (NewsTag(8, "API"),)


@pytest.mark.parametrize("query", [{}, {"since": date(2026, 1, 1), "from_id": 1}])
def test_news_need_a_day_or_an_id(wb, query):
    with pytest.raises(ValueError, match="a day or an id"):
        wb.news(**query)


def test_pings_of_one_host_are_three_in_thirty_seconds(sim, wb):
    for _ in range(3):
        wb.ping("chat")

    with pytest.raises(errors.WbThrottled) as caught:
        wb.ping("chat")

    assert caught.value.retry_after == 10
