import pytest

from agentiq.wb import limits
from agentiq.wb.records import TokenKind


@pytest.mark.parametrize(
    ("method", "kind", "expected"),
    [
        ("send", TokenKind.PERSONAL, limits.Limit(10, 10, 1, 10, "send")),
        ("send", TokenKind.SERVICE, limits.Limit(10, 10, 1, 10, "send")),
        ("send", TokenKind.BASE, limits.Limit(3600, 1, 3600, 1, "send")),
        ("download", TokenKind.BASE, limits.Limit(3600, 10, 360, 1, "download")),
        ("goods", TokenKind.PERSONAL, limits.Limit(6, 10, 0.6, 5, "prices")),
        ("uploads", TokenKind.BASE, limits.Limit(3600, 4, 900, 1, "prices")),
        ("promotions", TokenKind.UNKNOWN, limits.Limit(6, 10, 0.6, 5, "calendar")),
        ("questions", TokenKind.PERSONAL, limits.Limit(1, 3, 0.333, 6, "feedbacks")),
        (
            "sales-report",
            TokenKind.BASE,
            limits.Limit(86400, 2, 43200, 1, "sales-report"),
        ),
        ("sales-reports", TokenKind.BASE, None),
        ("ping:chat", TokenKind.BASE, limits.Limit(30, 3, 10, 3, "ping:chat")),
    ],
)
def test_the_published_limit_of_a_method(method, kind, expected):
    assert limits.limit_for(method, kind) == expected


def test_a_secret_lifts_a_base_token_to_the_usual_limits():
    limit = limits.limit_for("send", TokenKind.BASE, with_secret=True)

    assert limit == limits.limit_for("send", TokenKind.PERSONAL)
    assert limits.limit_for("sales-reports", TokenKind.BASE, with_secret=True) is None


def test_every_bucket_refills_no_faster_than_the_limit_of_its_period():
    for method in limits.METHODS:
        for kind in TokenKind:
            limit = limits.limit_for(method, kind)
            if limit:
                per_period = limit.period / limit.interval
                assert per_period == pytest.approx(limit.limit, rel=0.01)
