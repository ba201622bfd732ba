"""
What the dashboard, the ledger, the API and the exports take over a million sends.

A database of its own is filled by SQL: so many sends of a year, each with the turn,
the suggestion, the decision and the reply it came from; the messages themselves, which
none of this reads, are left out. Times are those of the whole
request, without the network: view, queries and rendering. CPU is that of Python and of
the database session, read from /proc. Bar: p95 at most 300 ms.
"""

import gc
import os
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_scopes import scope

from chats import figures, tallies
from chats.analyzer import Intent
from chats.benchmarks import _scratch
from promos import apikeys, ledger
from promos.ledger import Filters
from promos.models import Membership, PromoCode, PromoCodeSend, Seller

BAR = 300
DAYS = 365
CODES = 120
OPERATORS = 8
ARTICLES = 1000
PERIODS = (1, 30, 365)

# A code lives 31 days, ten at once; five articles in a hundred make half of the sends.
SENDS = """
INSERT INTO promos_promocodesend (seller_id, promo_code_id, chat_id, message_id,
    sent_at, trigger_intent, trigger_sentiment, auto_suggested, operator_approved,
    use_case, nm_id, operator_id, decision, answer_seconds, outgoing_key, snapshot)
SELECT %(seller)s, %(code)s + (n %% {days}) / 31 * 10 + n %% 10, '1:' || n %% 200000,
       'm' || n, %(now)s - (n %% {days}) * interval '1 day' - n %% 86400 * interval '1 s',
       (%(intents)s::text[])[1 + n * 7 %% 16],
       (ARRAY['positive', 'neutral', 'negative'])[1 + n %% 3], true, true,
       'UC' || 1 + n %% 3,
       1000 + CASE WHEN n %% 2 = 0 THEN n %% {articles} / 20 ELSE n %% {articles} END,
       %(operator)s + n %% {operators},
       (ARRAY['accept', 'edit', 'accept', 'accept'])[1 + n / 7 %% 4],
       20 + n * 37 %% 4000, gen_random_uuid(), '{{"code": {{"code": "X"}}}}'
FROM generate_series(1, %(count)s) AS n
"""
CHATS = """
INSERT INTO chats_chat (seller_id, wb_chat_id, reply_sign, previous_sign, buyer_name,
    created_at, last_event_id, preview, message_count, intent, sentiment, flags,
    has_failed, tags, last_at, changed_at)
SELECT %(seller)s, '1:' || n, 'sign', '', 'Анна', %(now)s, '', '', 5, '', '', '{}',
       false, '{}', %(now)s, %(now)s
FROM generate_series(0, 199999) AS n
"""
TURNS = """
INSERT INTO chats_analysis (id, seller_id, chat_id, message_id, intent, sentiment,
    scenario, intent_confidence, sentiment_confidence, scenario_confidence, confident,
    reading, message_ids, version, created_at)
SELECT id, seller_id, (SELECT min(id) FROM chats_chat) + id %% 200000, id,
       trigger_intent, trigger_sentiment, use_case, 0.9, 0.9, 0.9, true, '{}', '[]',
       'v1', sent_at - interval '4 min'
FROM promos_promocodesend
"""
SUGGESTIONS = """
INSERT INTO chats_suggestion (id, seller_id, chat_id, analysis_id, event_id, state,
    text, plain_text, template_id, variant, plain_variant, promo_code_id, use_case,
    reason, snapshot, is_escalation, created_at, closed_reason)
SELECT s.id, s.seller_id, a.chat_id, s.id, '', 'accepted', 'Спасибо!', 'Спасибо!',
       s.trigger_intent || '/' || s.trigger_sentiment, '', '', s.promo_code_id,
       s.use_case, 'chosen', '{}', false, s.sent_at - interval '4 min', ''
FROM promos_promocodesend s JOIN chats_analysis a ON a.id = s.id
"""
DECISIONS = """
INSERT INTO chats_decision (id, seller_id, chat_id, suggestion_id, key, kind,
    with_code, original, text, edit_distance, skip_reason, skip_note, operator_id,
    decided_at, seconds, overrode_newer)
SELECT s.id, s.seller_id, a.chat_id, s.id, s.outgoing_key, s.decision, true, '', '',
       CASE WHEN s.decision = 'edit' THEN 0.1 ELSE 0 END, '', '', s.operator_id,
       s.sent_at, s.answer_seconds %% 900, false
FROM promos_promocodesend s JOIN chats_analysis a ON a.id = s.id
"""
REPLIES = """
INSERT INTO chats_outgoing (seller_id, chat_id, decision_id, key, text, promo_code_id,
    promo_snapshot, operator_id, status, reason, reason_detail, due_at, created_at,
    waited_since, sent_at)
SELECT s.seller_id, a.chat_id, s.id, s.outgoing_key, 'Спасибо!', s.promo_code_id, '{}',
       s.operator_id, 'sent', '', '', s.sent_at, s.sent_at,
       s.sent_at - s.answer_seconds * interval '1 s', s.sent_at
FROM promos_promocodesend s JOIN chats_analysis a ON a.id = s.id
"""
FACTS = (TURNS, SUGGESTIONS, DECISIONS, REPLIES)


def add_arguments(parser: ArgumentParser) -> None:
    """How many sends there are, and how often each thing is read."""
    parser.add_argument("--sends", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=20)


def run(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a line for filling, making the sums anew, and everything that is read."""
    with _scratch.places("track"):
        seller = Seller.objects.create(name="Bench")
        with scope(seller=seller):
            started = time.perf_counter()
            _fill(seller, options["sends"])
            yield {"step": "fill", "s": round(time.perf_counter() - started)}
            for name, remake in (("sends", ledger.rebuild), ("acts", tallies.rebuild)):
                started = time.perf_counter()
                counted = remake(seller)
                took = round(time.perf_counter() - started)
                yield {"step": f"rebuild {name}", "counted": counted, "s": took}
            _vacuum()
            for name, read in _reads(seller):
                yield _measured(name, read, options["times"])


def _fill(seller: Seller, count: int) -> None:
    """Store the sends of a year and what each came from."""
    now = timezone.now()
    users = get_user_model()
    people = [users.objects.create_user(f"bench{n}") for n in range(OPERATORS)]
    for person in people:
        Membership.objects.create(seller=seller, user=person, role="owner")
    codes = PromoCode.objects.bulk_create(
        PromoCode(
            seller=seller,
            code=f"BENCH{number}",
            code_key=f"BENCH{number}",
            discount_percent=10,
            starts_at=now - timedelta(days=31 * (number // 10) + 31),
            expires_at=now - timedelta(days=31 * (number // 10)),
        )
        for number in range(CODES)
    )
    values = {
        "seller": seller.pk,
        "now": now,
        "code": codes[0].pk,
        "operator": people[0].pk,
        "count": count,
        "intents": [intent.value for intent in Intent],
    }
    sizes = {"days": DAYS, "articles": ARTICLES, "operators": OPERATORS}
    with connection.cursor() as cursor:
        # No triggers meanwhile: the sums are made anew from these rows below. Nor
        # are keys checked, so that turns may name messages that are not there.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(SENDS.format(**sizes), values)
        cursor.execute(CHATS, values)
        for facts in FACTS:
            cursor.execute("ANALYZE")
            cursor.execute(facts, values)
        cursor.execute("SET session_replication_role = origin")


def _vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _reads(seller: Seller) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield every thing that is read, by its name."""
    today = timezone.now()
    for days in PERIODS:
        usual = ledger.last_days(today, days)
        yield f"ledger {days} d", lambda f=usual: ledger.figures(seller, f)
        yield f"acts {days} d", lambda f=usual: figures.figures(seller, f)
    first, last = usual.first, usual.last
    operator = Membership.objects.values_list("user", flat=True)[0]
    narrowed = {
        "code": Filters(first, last, "BENCH7"),
        "operator": Filters(first, last, operator_id=operator),
        "code, operator": Filters(first, last, "BENCH7", operator),
    }
    for name, asked in narrowed.items():
        yield f"ledger {name}", lambda f=asked: ledger.figures(seller, f)
        yield f"acts {name}", lambda f=asked: figures.figures(seller, f)
    yield from _pages(seller, operator, first, last)


def _pages(
    seller: Seller, operator: int, first: date, last: date
) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the pages, files and API routes as requests."""
    desk = Client()
    desk.force_login(get_user_model().objects.get(pk=operator))
    _row, key = apikeys.issue(
        seller, name="bench", scopes=["read"], by=None, rate_per_minute=1_000_000
    )
    api = Client(headers={"Authorization": f"Api-Key {key}"})
    board, year = "/admin/dashboard/", f"?first={first}"
    newest = PromoCodeSend.objects.order_by("-sent_at").first()
    chat = newest.chat_id if newest else ""
    addresses = (
        (desk, board),
        (desk, board + year),
        (desk, f"{board}?code=BENCH7"),
        (desk, f"{board}{year}&operator={operator}"),
        (desk, f"{board}sends/"),
        (desk, f"{board}export.csv"),
        (desk, f"{board}export.csv{year}"),
        (desk, f"{board}export.xlsx"),
        (desk, f"{board}export.xlsx{year}"),
        (api, "/api/promo-codes/analytics"),
        (api, f"/api/promo-codes/analytics?first={first}&last={last}"),
        (api, "/api/promo-codes/analytics?code=BENCH7"),
        (api, "/api/sends"),
        (api, f"/api/sends?chat_id={chat}"),
        (api, "/api/sends?code=BENCH7"),
        (api, "/api/alerts"),
    )
    _ask(desk, board)
    gc.collect()
    gc.freeze()  # as agentiq.wsgi does once all is loaded
    for client, address in addresses:
        yield address, lambda c=client, a=address: _ask(c, a)


def _ask(client: Client, address: str) -> None:
    """Ask until the first byte of the body has come."""
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code} {answer.content[:200]!r}")
    if answer.streaming:
        next(iter(answer.streaming_content))


def _measured(name: str, read: Callable[[], Any], times: int) -> dict[str, Any]:
    """Return how long reading takes, warmed up, in milliseconds."""
    read()
    took, spent = [], []
    for _ in range(times):
        started, worked = time.perf_counter(), _cpu_ms()
        read()
        took.append((time.perf_counter() - started) * 1000)
        spent.append(_cpu_ms() - worked)
    p95 = quantiles(took, n=20)[-1]
    return {
        "read": name,
        "p50_ms": round(median(took)),
        "p95_ms": round(p95),
        "cpu_p50_ms": round(median(spent)),
        "cpu_p95_ms": round(quantiles(spent, n=20)[-1]),
        "bar_ms": BAR,
        "holds": p95 <= BAR,
    }


def _cpu_ms() -> float:
    """Return the CPU this process and its database session have used so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # the server is on another machine
        fields = ["0"] * 13
    session = sum(int(field) for field in fields[11:13]) / os.sysconf("SC_CLK_TCK")
    return (time.process_time() + session) * 1000
