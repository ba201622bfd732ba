from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from agentiq.wb import errors


@pytest.fixture
def shop(sim, wb):
    sim.throttle.window = "off"
    return sim


def test_reviews_without_an_answer_are_read(shop, wb):
    shop.add("feedbacks", {"id": "a", "productValuation": 2, "text": "Плохо"})
    shop.add("feedbacks", {"id": "b", "answer": {"text": "Спасибо"}})

    [review] = wb.feedbacks(answered=False)
    [answered] = wb.feedbacks(answered=True)

    assert (review.feedback_id, review.rating, review.text) == ("a", 2, "Плохо")
    assert (review.nm_id, review.buyer_name, review.shk_id) == (
        987654321,
        "Николай",
        123456789,
    )
    assert review.created_at == datetime(2026, 9, 26, 7, 20, 48, tzinfo=UTC)
    assert (review.tags, review.photos, review.answer) == (("цена",), (), "")
    assert answered.answer == "Спасибо"


def test_reviews_come_oldest_first_within_a_span(shop, wb):
    for day in (3, 1, 2):
        shop.add(
            "feedbacks",
            {"id": str(day), "createdDate": f"2026-09-0{day}T12:00:00+03:00"},
        )

    every = wb.feedbacks(answered=False)
    later = wb.feedbacks(answered=False, since=datetime(2026, 9, 2, tzinfo=UTC))

    assert [it.feedback_id for it in every] == ["1", "2", "3"]
    assert [it.feedback_id for it in later] == ["2", "3"]


def test_questions_are_read(shop, wb):
    shop.add("questions", {"id": "q", "text": "Какая мощность?"})

    [question] = wb.questions(answered=False, nm_id=987654321)

    assert (question.question_id, question.state) == ("q", "suppliersPortalSynch")
    assert question.created_at.year == 2026
    assert wb.questions(answered=False, nm_id=1) == ()


def test_too_large_a_page_is_refused_in_the_shape_of_feedbacks(shop, wb):
    with pytest.raises(errors.WbRejected, match="take") as caught:
        wb.feedbacks(answered=False, take=5001)

    assert caught.value.request_id
    with pytest.raises(errors.WbRejected, match="take and skip"):
        wb.questions(answered=False, take=10_000, skip=1)


def test_reviews_and_questions_share_one_bucket(sim, wb):
    for _ in range(3):
        wb.feedbacks(answered=False)
        wb.questions(answered=False)

    with pytest.raises(errors.WbThrottled):
        wb.questions(answered=True)


def test_a_claim_names_the_order_it_is_about(shop, wb, clock):
    recent = (clock.now - timedelta(days=1)).replace(tzinfo=None).isoformat()
    shop.add("claims", {"id": "c", "srid": "v5o_1.0.0", "claim_type": 3, "dt": recent})
    shop.add("claims", {"id": "old"})
    shop.add("claims", {"id": "done", "dt": recent, "_archived": True})

    page = wb.claims()

    [claim] = page.claims
    assert page.total == 1
    assert (claim.claim_id, claim.srid, claim.claim_type) == ("c", "v5o_1.0.0", 3)
    assert (claim.price, claim.actions) == (Decimal(157), ("autorefund1", "approve1"))
    assert claim.created_at == clock.now - timedelta(days=1, hours=3)
    assert [it.claim_id for it in wb.claims(archived=True).claims] == ["done"]
