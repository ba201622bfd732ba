"""
The rows the desk is measured with, and the same ones as the floor keeps them.

Written by the database itself, a statement for each table, into tables without their
indexes: a million messages take less than a minute.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone

from chats import desk
from chats.analyzer.taxonomy import Intent, Sentiment
from promos.models import Membership, PromoCode, Seller

PASSWORD = "bench-only"
TABLES = ("chats_chat", "chats_message", "chats_analysis", "chats_suggestion")

CHATS = """
INSERT INTO chats_chat (id, seller_id, wb_chat_id, buyer_name, reply_sign,
    previous_sign, last_event_id, preview, intent, sentiment, waiting_since, due_at,
    last_at, created_at, message_count, flags, tags, has_failed)
SELECT n, %(seller)s, '1:' || n, 'Покупатель ' || n, 'sign', '', n || '-1',
    'Здравствуйте, когда приедет заказ?',
    (%(intents)s::text[])[1 + n %% cardinality(%(intents)s::text[])],
    (%(moods)s::text[])[1 + n / 2 %% cardinality(%(moods)s::text[])],
    CASE WHEN n %% 3 < 2 THEN now() END, now() + n * interval '1 minute',
    now() - n * interval '1 second', now(), 10, '{}', '{}', false
FROM generate_series(1, %(size)s) AS n
"""
MESSAGES = """
INSERT INTO chats_message (seller_id, chat_id, event_id, event_type, sender, source,
                           text, added_at, stored_at)
SELECT seller_id, id, id || '-' || n, 'message',
       CASE WHEN n %% 2 = 1 THEN 'client' ELSE 'seller' END, '',
       (ARRAY['Здравствуйте, когда приедет заказ?', 'Добрый день! Посылка в пути.',
              'Размер не подошёл, как оформить возврат?', 'Спасибо, всё отлично!',
              'Подскажите, подойдёт ли чехол?'])[1 + (id + n) %% 5]
       || CASE WHEN id %% 20 = 0 AND n = 3 THEN ' промокод не сработал' ELSE '' END,
       last_at - n * interval '1 minute', now()
FROM chats_chat,
    generate_series(CASE WHEN id = 1 THEN %(long)s ELSE 10 END, 1, -1) AS n
ORDER BY id, n DESC
"""
READINGS = """
INSERT INTO chats_analysis (seller_id, chat_id, message_id, intent, sentiment, scenario,
    intent_confidence, sentiment_confidence, scenario_confidence, confident, reading,
    message_ids, version, created_at)
SELECT chat.seller_id, chat.id, message.id, chat.intent, chat.sentiment, '', 0.9, 0.7,
    0.9, true, '{"evidence": [{"message_index": 0, "start": 0, "end": 8,
    "kind": "intent", "label": "thanks"}]}', jsonb_build_array(message.id), '1', now()
FROM chats_chat AS chat JOIN chats_message AS message
    ON message.chat_id = chat.id AND message.event_id = chat.last_event_id
WHERE waiting_since IS NOT NULL
"""
SUGGESTIONS = """
INSERT INTO chats_suggestion (seller_id, chat_id, analysis_id, event_id, state, text,
    plain_text, template_id, variant, plain_variant, promo_code_id, use_case, reason,
    snapshot, is_escalation, created_at, closed_reason)
SELECT seller_id, chat_id, id, chat_id || '-1', 'shown',
    'Спасибо за покупку! Промокод BENCH10 даёт скидку 10 %% до конца месяца.',
    'Спасибо за покупку!', '', '', '', %(code)s, '', 'loyalty', '{"versions":
    {"rules": "1"}, "quotes": [{"text": "Здравств"}], "margin": {"rub": "120.50"},
    "price": {"final": "900.00"}, "rejected": [{"id": 0, "code": "BENCH20",
    "discount_percent": "20", "reasons": [], "loss": "larger_discount"}, {"id": 0,
    "code": "BENCH5", "discount_percent": "5", "reasons": ["expired"], "loss": ""}]}',
    false, now(), ''
FROM chats_analysis
"""
FLOOR = """
CREATE TABLE floor_floormessage (id bigserial PRIMARY KEY, chat_id bigint NOT NULL,
    text text NOT NULL, ours boolean NOT NULL, sent_at timestamptz NOT NULL);
INSERT INTO floor_floormessage
    SELECT id, chat_id, text, sender = 'seller', added_at FROM chats_message;
CREATE INDEX ON floor_floormessage (chat_id, sent_at, id);
CREATE INDEX ON floor_floormessage
    USING gin (to_tsvector('russian'::regconfig, coalesce(text, '')));
SELECT setval('floor_floormessage_id_seq', max(id)) FROM floor_floormessage;
CREATE TABLE floor_floorchat (id bigserial PRIMARY KEY, buyer text NOT NULL,
    preview text NOT NULL, intent text NOT NULL, proposal text NOT NULL,
    due_at timestamptz NOT NULL, last_id bigint NOT NULL);
INSERT INTO floor_floorchat
    SELECT chat.id, buyer_name, preview, intent, coalesce(proposed.text, ''), due_at,
        newest.id
    FROM chats_chat AS chat JOIN (
        SELECT chat_id, max(id) AS id FROM chats_message GROUP BY chat_id
    ) AS newest ON newest.chat_id = chat.id LEFT JOIN chats_suggestion AS proposed
        ON proposed.chat_id = chat.id;
CREATE INDEX ON floor_floorchat (due_at, id);
CREATE INDEX ON floor_floorchat (intent, due_at, id);
"""
INDEXES = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
    format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
           pg_get_constraintdef(oid))
FROM pg_constraint
WHERE conrelid = ANY (%(tables)s::regclass[]) AND contype IN ('f', 'u')
UNION ALL
SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index
WHERE indrelid = ANY (%(tables)s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid
                    AND contype IN ('p', 'u'))
"""


def write(size: int, *, long: int) -> None:
    """Write that many chats of ten messages, one of ``long``, and what the floor reads."""
    seller = Seller.objects.create(name="Bench")
    user = get_user_model().objects.create_user("bench", password=PASSWORD)
    Membership.objects.create(seller=seller, user=user, role=Membership.Role.OPERATOR)
    now = timezone.now()
    code = PromoCode.objects.create(
        seller=seller,
        code="BENCH10",
        discount_percent=10,
        starts_at=now - timedelta(days=1),
        expires_at=now + timedelta(days=30),
    )
    values = {
        "seller": seller.pk,
        "code": code.pk,
        "intents": [str(it) for it in Intent],
        "moods": [str(it) for it in Sentiment],
        "size": size,
        "long": long,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        with _bare():
            for statement in (CHATS, MESSAGES, READINGS, SUGGESTIONS):
                cursor.execute(statement, values)
            cursor.execute("SELECT setval('chats_chat_id_seq', %s)", [size])
        cursor.execute(FLOOR)
    desk.tidy(seller.pk)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def _bare() -> Iterator[None]:
    """
    Take the tables' indexes and references away, and make them anew at the end.

    The triggers that keep the dashboard's figures rest meanwhile: no page of the desk
    shows them. Those that keep the list's counts do not.
    """
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, {"tables": list(TABLES)})
        found = cursor.fetchall()
        for table in TABLES[2:]:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for drop, _ in found:
            cursor.execute(drop)
        yield
        for _, make in found:
            cursor.execute(make)
        for table in TABLES[2:]:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
