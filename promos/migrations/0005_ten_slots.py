"""
Ten codes at a time, whoever writes: a form, an import, the API or a shell.

The trigger takes the seller's lock, so that two transactions with the tenth and
the eleventh code follow each other, and then counts at each instant at which a
code starts within the new period. A code whose start lies behind when it is
entered is marked as already live: WB would not have taken it today.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION promos_ten_slots() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    busiest integer;
BEGIN
    IF NEW.is_draft OR NEW.replaced_by_id IS NOT NULL THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' AND NEW.starts_at <= NEW.created_at THEN
        NEW.already_live := true;
    END IF;
    PERFORM pg_advisory_xact_lock(7310, NEW.seller_id::integer);
    SELECT max(there) INTO busiest FROM (
        SELECT (
            SELECT count(*) FROM promos_promocode other
            WHERE other.seller_id = NEW.seller_id
              AND other.id IS DISTINCT FROM NEW.id
              AND NOT other.is_draft AND other.replaced_by_id IS NULL
              AND other.starts_at <= moments.moment
              AND moments.moment < other.expires_at
        ) AS there
        FROM (
            SELECT NEW.starts_at AS moment
            UNION
            SELECT starts_at FROM promos_promocode
            WHERE seller_id = NEW.seller_id
              AND NOT is_draft AND replaced_by_id IS NULL
              AND starts_at > NEW.starts_at AND starts_at < NEW.expires_at
        ) AS moments
    ) AS levels;
    IF busiest >= 10 THEN
        RAISE EXCEPTION 'WB runs at most ten codes at a time'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ten_slots';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER promos_ten_slots
    BEFORE INSERT OR UPDATE OF
        seller_id, starts_at, expires_at, is_draft, replaced_by_id
    ON promos_promocode FOR EACH ROW EXECUTE FUNCTION promos_ten_slots();
"""
BACKWARD = """
DROP TRIGGER promos_ten_slots ON promos_promocode;
DROP FUNCTION promos_ten_slots();
"""


class Migration(migrations.Migration):
    dependencies = [("promos", "0004_history_and_limits")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
