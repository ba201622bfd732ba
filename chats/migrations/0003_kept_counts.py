"""Counts of the desk's filters, kept by the database with every change of a chat."""

from django.db import migrations

COLUMNS = (
    "waiting_since, snoozed_until, intent, sentiment, assignee_id, has_failed,"
    " code_sent_at"
)

FORWARDS = f"""
CREATE FUNCTION chats_tally_keys(
    waiting_since timestamptz, snoozed_until timestamptz, intent text,
    sentiment text, assignee_id bigint, has_failed boolean, code_sent_at timestamptz
) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY['all']
        || CASE WHEN has_failed THEN ARRAY['failed'] ELSE '{{}}' END
        || CASE WHEN code_sent_at IS NOT NULL THEN ARRAY['code'] ELSE '{{}}' END
        || CASE WHEN snoozed_until IS NOT NULL THEN ARRAY['snoozed'] ELSE '{{}}' END
        || CASE WHEN waiting_since IS NOT NULL AND snoozed_until IS NULL THEN
            ARRAY['waiting', 'intent:' || intent, 'mood:' || sentiment,
                  coalesce('mine:' || assignee_id, 'unassigned')]
           ELSE '{{}}' END
$$;

CREATE FUNCTION chats_tally_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chats_tally (seller_id, key, n)
    SELECT seller_id, key, count(*)
    FROM new_rows, unnest(chats_tally_keys({COLUMNS})) AS key
    GROUP BY seller_id, key;
    RETURN NULL;
END $$;

CREATE FUNCTION chats_tally_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chats_tally (seller_id, key, n)
    SELECT seller_id, key, sum(n) FROM (
        SELECT seller_id, unnest(chats_tally_keys({COLUMNS})) AS key, 1 AS n
        FROM new_rows
        UNION ALL
        SELECT seller_id, unnest(chats_tally_keys({COLUMNS})), -1 FROM old_rows
    ) AS moved GROUP BY seller_id, key HAVING sum(n) <> 0;
    RETURN NULL;
END $$;

CREATE FUNCTION chats_tally_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chats_tally (seller_id, key, n)
    SELECT seller_id, key, -count(*)
    FROM old_rows, unnest(chats_tally_keys({COLUMNS})) AS key
    GROUP BY seller_id, key;
    RETURN NULL;
END $$;

CREATE TRIGGER chats_tally_insert AFTER INSERT ON chats_chat
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION chats_tally_inserted();
CREATE TRIGGER chats_tally_update AFTER UPDATE ON chats_chat
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION chats_tally_updated();
CREATE TRIGGER chats_tally_delete AFTER DELETE ON chats_chat
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION chats_tally_deleted();

INSERT INTO chats_tally (seller_id, key, n)
SELECT seller_id, key, count(*)
FROM chats_chat, unnest(chats_tally_keys({COLUMNS})) AS key
GROUP BY seller_id, key;
"""

BACKWARDS = """
DROP TRIGGER chats_tally_insert ON chats_chat;
DROP TRIGGER chats_tally_update ON chats_chat;
DROP TRIGGER chats_tally_delete ON chats_chat;
DROP FUNCTION chats_tally_inserted();
DROP FUNCTION chats_tally_updated();
DROP FUNCTION chats_tally_deleted();
DROP FUNCTION chats_tally_keys(
    timestamptz, timestamptz, text, text, bigint, boolean, timestamptz
);
DELETE FROM chats_tally;
"""


class Migration(migrations.Migration):
    dependencies = [("chats", "0002_desk")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
