"""
What buyers say outside the chat: reviews, questions and return claims.

Source: feedbacks-api.wildberries.ru (3 requests per second for all methods) and
returns-api.wildberries.ru (20 per minute).
"""

from __future__ import annotations

from datetime import datetime

from agentiq.wb import limits, wire
from agentiq.wb.records import Claim, ClaimPage, Feedback, Question
from agentiq.wb.transport import MEGABYTE, Request, Transport


class VoiceCalls(Transport):
    """The reviews' and claims' part of WbClient."""

    def feedbacks(
        self,
        *,
        answered: bool,
        take: int = 1000,
        skip: int = 0,
        nm_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Feedback, ...]:
        """
        Return one page of reviews, oldest first; ``take`` is at most 5000.

        Source: GET /api/v1/feedbacks, 3 requests per second per seller.
        """
        query = _query(answered, take, skip, nm_id, since, until)
        url = f"{self.hosts.feedbacks}/api/v1/feedbacks"
        request = Request(limits.FEEDBACKS, "GET", url, query, max_bytes=64 * MEGABYTE)
        return self.call(request).read(
            lambda body: wire.rows(wire.data(body), "feedbacks", feedback)
        )

    def questions(
        self,
        *,
        answered: bool,
        take: int = 1000,
        skip: int = 0,
        nm_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Question, ...]:
        """
        Return one page of questions, oldest first; take + skip is at most 10 000.

        Source: GET /api/v1/questions, 3 requests per second per seller.
        """
        query = _query(answered, take, skip, nm_id, since, until)
        url = f"{self.hosts.feedbacks}/api/v1/questions"
        request = Request(limits.QUESTIONS, "GET", url, query, max_bytes=64 * MEGABYTE)
        return self.call(request).read(
            lambda body: wire.rows(wire.data(body), "questions", question)
        )

    def claims(
        self,
        *,
        archived: bool = False,
        limit: int = 200,
        offset: int = 0,
        nm_id: int | None = None,
    ) -> ClaimPage:
        """
        Return one page of the return claims of the last 14 days.

        Source: GET /api/v1/claims, 20 requests per minute per seller.
        """
        query = [
            ("is_archive", "true" if archived else "false"),
            ("limit", str(limit)),
            ("offset", str(offset)),
        ]
        if nm_id is not None:
            query.append(("nm_id", str(nm_id)))
        url = f"{self.hosts.returns}/api/v1/claims"
        return self.call(Request(limits.CLAIMS, "GET", url, query)).read(_claim_page)


def _query(
    answered: bool,
    take: int,
    skip: int,
    nm_id: int | None,
    since: datetime | None,
    until: datetime | None,
) -> list[tuple[str, str]]:
    query = [
        ("isAnswered", "true" if answered else "false"),
        ("take", str(take)),
        ("skip", str(skip)),
        ("order", "dateAsc"),
    ]
    if nm_id is not None:
        query.append(("nmId", str(nm_id)))
    for name, moment in (("dateFrom", since), ("dateTo", until)):
        if moment is not None:
            query.append((name, str(int(moment.timestamp()))))
    return query


def feedback(value: object) -> Feedback:
    """Return one review."""
    raw = wire.obj(value, "feedback")
    product = wire.child(raw, "productDetails")
    links = [wire.obj(it, "photo") for it in wire.items(raw, "photoLinks")]
    return Feedback(
        feedback_id=wire.needed(raw, "id"),
        nm_id=wire.whole(product, "nmId"),
        product_name=wire.text(product, "productName"),
        text=wire.text(raw, "text"),
        pros=wire.text(raw, "pros"),
        cons=wire.text(raw, "cons"),
        rating=wire.count(raw, "productValuation"),
        buyer_name=wire.text(raw, "userName"),
        created_at=wire.instant(raw.get("createdDate")),
        answer=wire.text(wire.child(raw, "answer"), "text"),
        state=wire.text(raw, "state"),
        order_status=wire.text(raw, "orderStatus"),
        shk_id=wire.whole(raw, "lastOrderShkId") or None,
        tags=tuple(str(it) for it in wire.items(raw, "bables")),
        photos=tuple(wire.text(it, "fullSize") for it in links),
        raw=raw,
    )


def question(value: object) -> Question:
    """Return one question."""
    raw = wire.obj(value, "question")
    product = wire.child(raw, "productDetails")
    return Question(
        question_id=wire.needed(raw, "id"),
        nm_id=wire.whole(product, "nmId"),
        product_name=wire.text(product, "productName"),
        text=wire.text(raw, "text"),
        created_at=wire.instant(raw.get("createdDate")),
        answer=wire.text(wire.child(raw, "answer"), "text"),
        state=wire.text(raw, "state"),
        was_viewed=wire.flag(raw, "wasViewed"),
        raw=raw,
    )


def _claim_page(body: object) -> ClaimPage:
    raw = wire.obj(body)
    claims, skipped = wire.readable(wire.items(raw, "claims"), claim)
    return ClaimPage(claims, wire.count(raw, "total"), skipped)


def claim(value: object) -> Claim:
    """Return one return claim."""
    raw = wire.obj(value, "claim")
    return Claim(
        claim_id=wire.needed(raw, "id"),
        claim_type=wire.whole(raw, "claim_type"),
        status=wire.whole(raw, "status"),
        status_ex=wire.whole(raw, "status_ex"),
        nm_id=wire.whole(raw, "nm_id"),
        srid=wire.text(raw, "srid"),
        comment=wire.text(raw, "user_comment"),
        wb_comment=wire.text(raw, "wb_comment"),
        created_at=wire.instant(raw.get("dt"), zone_hours=3),
        updated_at=wire.instant(raw.get("dt_update"), zone_hours=3),
        ordered_at=wire.instant(raw.get("order_dt"), zone_hours=3),
        price=wire.number(raw, "price"),
        currency=wire.text(raw, "currency_code"),
        actions=tuple(str(it) for it in wire.items(raw, "actions")),
        raw=raw,
    )
