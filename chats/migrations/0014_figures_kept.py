"""Figures of the dashboard, kept by the database with every act they count."""

from django.db import migrations

# Where an act is counted. One answer for the triggers and for making all anew.
PLACES = """
CREATE FUNCTION chats_figure_places(
    step text, code bigint, operator bigint, kind text, intent text, template text,
    version text, reason text, seconds bigint
) RETURNS TABLE (dimension text, promo_code_pk bigint, operator_pk bigint,
                 place_kind text, value text)
LANGUAGE sql IMMUTABLE AS $$
    SELECT d.dimension, s.code, s.operator, d.kind, d.value
    FROM (
        SELECT step, CASE WHEN step = 'decided' THEN kind ELSE '' END, ''
        UNION ALL SELECT 'intent', kind, intent WHERE step = 'decided'
        UNION ALL SELECT 'template', kind, template WHERE step = 'decided'
        UNION ALL SELECT 'version', kind, version WHERE step = 'decided'
        UNION ALL SELECT 'reason', kind, reason
                  WHERE step = 'decided' AND kind = 'skip'
        UNION ALL SELECT 'pace', '', chats_figure_pace(seconds)::text
                  WHERE step = 'decided' AND seconds IS NOT NULL
    ) AS d (dimension, kind, value),
    (
        SELECT -1::bigint, -1::bigint
        UNION ALL SELECT -1, coalesce(operator, 0) WHERE step <> 'turn'
        UNION ALL SELECT coalesce(code, 0), coalesce(operator, 0) WHERE step <> 'turn'
    ) AS s (code, operator)
$$;
"""
# A median needs the spread; these steps keep it to a second, or to about one part in
# a hundred.
PACE = """
CREATE FUNCTION chats_figure_pace(seconds bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN seconds < 120 THEN seconds
                WHEN seconds < 600 THEN seconds / 5 * 5
                WHEN seconds < 7200 THEN seconds / 60 * 60
                WHEN seconds < 86400 THEN seconds / 600 * 600
                ELSE seconds / 86400 * 86400 END
$$;
"""
DAY = """
CREATE FUNCTION chats_moscow_day(at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE AS $$
    SELECT ((at AT TIME ZONE 'UTC') + interval '3 hours')::date
$$;
"""
ADD = """
CREATE FUNCTION chats_figure_add(
    sign int, step text, seller bigint, at timestamptz, code bigint, operator bigint,
    kind text, intent text, template text, version text, reason text, seconds bigint,
    distance double precision
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO chats_figureday (
        seller_id, dimension, day, promo_code_pk, operator_pk, kind, value,
        n, coded, timed, seconds, distance, is_fresh)
    SELECT seller, p.dimension, chats_moscow_day(at), p.promo_code_pk, p.operator_pk,
           p.place_kind, p.value, sign, sign * (code IS NOT NULL)::int,
           sign * (seconds IS NOT NULL)::int, sign * coalesce(seconds, 0),
           sign * coalesce(round(distance * 1000000)::bigint, 0), true
    FROM chats_figure_places(
        step, code, operator, kind, intent, template, version, reason, seconds) AS p
$$;
"""
TURNS = """
CREATE FUNCTION chats_figure_of_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM chats_figure_add(-1, 'turn', OLD.seller_id, OLD.created_at,
            NULL, NULL, '', '', '', '', '', NULL, NULL);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM chats_figure_add(1, 'turn', NEW.seller_id, NEW.created_at,
            NULL, NULL, '', '', '', '', '', NULL, NULL);
    END IF;
    IF TG_OP = 'UPDATE' THEN
        PERFORM chats_figure_add(side.sign, 'decided', d.seller_id, d.decided_at,
            s.promo_code_id, d.operator_id, d.kind, side.intent, s.template_id,
            side.version, d.skip_reason, d.seconds, d.edit_distance)
        FROM chats_decision d JOIN chats_suggestion s ON s.id = d.suggestion_id,
             (VALUES (-1, OLD.intent, OLD.version), (1, NEW.intent, NEW.version))
             AS side (sign, intent, version)
        WHERE s.analysis_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chats_figure_turn_new AFTER INSERT OR DELETE ON chats_analysis
    FOR EACH ROW EXECUTE FUNCTION chats_figure_of_turn();
CREATE TRIGGER chats_figure_turn_moved AFTER UPDATE ON chats_analysis FOR EACH ROW
    WHEN ((OLD.created_at, OLD.intent, OLD.version) IS DISTINCT FROM
          (NEW.created_at, NEW.intent, NEW.version))
    EXECUTE FUNCTION chats_figure_of_turn();
"""
SUGGESTIONS = """
CREATE FUNCTION chats_figure_of_suggestion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    d chats_decision;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT * INTO d FROM chats_decision WHERE suggestion_id = NEW.id;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM chats_figure_add(-1, 'suggested', OLD.seller_id, OLD.created_at,
            OLD.promo_code_id, d.operator_id, '', '', '', '', '', NULL, NULL);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM chats_figure_add(1, 'suggested', NEW.seller_id, NEW.created_at,
            NEW.promo_code_id, d.operator_id, '', '', '', '', '', NULL, NULL);
    END IF;
    IF d.id IS NOT NULL THEN
        PERFORM chats_figure_add(side.sign, 'decided', d.seller_id, d.decided_at,
            side.code, d.operator_id, d.kind, a.intent, side.template, a.version,
            d.skip_reason, d.seconds, d.edit_distance)
        FROM (VALUES
                 (-1, OLD.promo_code_id, OLD.template_id, OLD.analysis_id),
                 (1, NEW.promo_code_id, NEW.template_id, NEW.analysis_id)
             ) AS side (sign, code, template, analysis)
        JOIN chats_analysis a ON a.id = side.analysis;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chats_figure_suggestion_new AFTER INSERT OR DELETE ON chats_suggestion
    FOR EACH ROW EXECUTE FUNCTION chats_figure_of_suggestion();
CREATE TRIGGER chats_figure_suggestion_moved AFTER UPDATE ON chats_suggestion
    FOR EACH ROW WHEN (
        (OLD.created_at, OLD.promo_code_id, OLD.template_id, OLD.analysis_id)
        IS DISTINCT FROM
        (NEW.created_at, NEW.promo_code_id, NEW.template_id, NEW.analysis_id))
    EXECUTE FUNCTION chats_figure_of_suggestion();
"""
DECISIONS = """
CREATE FUNCTION chats_figure_of_decision_row(sign int, d chats_decision)
RETURNS void LANGUAGE sql AS $$
    SELECT chats_figure_add(sign, 'decided', d.seller_id, d.decided_at,
               s.promo_code_id, d.operator_id, d.kind, a.intent, s.template_id,
               a.version, d.skip_reason, d.seconds, d.edit_distance),
           chats_figure_add(-sign, 'suggested', s.seller_id, s.created_at,
               s.promo_code_id, NULL, '', '', '', '', '', NULL, NULL),
           chats_figure_add(sign, 'suggested', s.seller_id, s.created_at,
               s.promo_code_id, d.operator_id, '', '', '', '', '', NULL, NULL)
    FROM chats_suggestion s JOIN chats_analysis a ON a.id = s.analysis_id
    WHERE s.id = d.suggestion_id
$$;
CREATE FUNCTION chats_figure_of_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM chats_figure_of_decision_row(-1, OLD);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM chats_figure_of_decision_row(1, NEW);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chats_figure_decision AFTER INSERT OR UPDATE OR DELETE
    ON chats_decision FOR EACH ROW EXECUTE FUNCTION chats_figure_of_decision();
"""
REPLIES = """
CREATE FUNCTION chats_figure_of_reply_row(sign int, o chats_outgoing)
RETURNS void LANGUAGE sql AS $$
    SELECT chats_figure_add(sign, 'sent', o.seller_id, o.sent_at, o.promo_code_id,
               o.operator_id, '', '', '', '', '',
               greatest(0, extract(epoch FROM o.sent_at - o.waited_since))::bigint,
               NULL)
    WHERE o.status = 'sent' AND o.sent_at IS NOT NULL
$$;
CREATE FUNCTION chats_figure_of_reply() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM chats_figure_of_reply_row(-1, OLD);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM chats_figure_of_reply_row(1, NEW);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chats_figure_reply_new AFTER INSERT ON chats_outgoing FOR EACH ROW
    WHEN (NEW.status = 'sent') EXECUTE FUNCTION chats_figure_of_reply();
CREATE TRIGGER chats_figure_reply_gone AFTER DELETE ON chats_outgoing FOR EACH ROW
    WHEN (OLD.status = 'sent') EXECUTE FUNCTION chats_figure_of_reply();
CREATE TRIGGER chats_figure_reply_moved AFTER UPDATE ON chats_outgoing FOR EACH ROW
    WHEN ((OLD.status = 'sent' OR NEW.status = 'sent') AND
          (OLD.status, OLD.sent_at, OLD.promo_code_id, OLD.operator_id,
           OLD.waited_since) IS DISTINCT FROM
          (NEW.status, NEW.sent_at, NEW.promo_code_id, NEW.operator_id,
           NEW.waited_since))
    EXECUTE FUNCTION chats_figure_of_reply();
"""
REBUILD = """
CREATE FUNCTION chats_figures_rebuild(shop bigint) RETURNS void LANGUAGE sql AS $$
    DELETE FROM chats_figureday WHERE seller_id = shop;
    WITH acts (step, at, code, operator, kind, intent, template, version, reason,
               seconds, distance) AS (
        SELECT 'turn', created_at, NULL::bigint, NULL::bigint, '', '', '', '', '',
               NULL::bigint, NULL::double precision
        FROM chats_analysis WHERE seller_id = shop
        UNION ALL
        SELECT 'suggested', s.created_at, s.promo_code_id, d.operator_id,
               '', '', '', '', '', NULL, NULL
        FROM chats_suggestion s LEFT JOIN chats_decision d ON d.suggestion_id = s.id
        WHERE s.seller_id = shop
        UNION ALL
        SELECT 'decided', d.decided_at, s.promo_code_id, d.operator_id, d.kind,
               a.intent, s.template_id, a.version, d.skip_reason, d.seconds,
               d.edit_distance
        FROM chats_decision d JOIN chats_suggestion s ON s.id = d.suggestion_id
        JOIN chats_analysis a ON a.id = s.analysis_id
        WHERE d.seller_id = shop
        UNION ALL
        SELECT 'sent', sent_at, promo_code_id, operator_id, '', '', '', '', '',
               greatest(0, extract(epoch FROM sent_at - waited_since))::bigint, NULL
        FROM chats_outgoing
        WHERE seller_id = shop AND status = 'sent' AND sent_at IS NOT NULL
    )
    INSERT INTO chats_figureday (
        seller_id, dimension, day, promo_code_pk, operator_pk, kind, value,
        n, coded, timed, seconds, distance, is_fresh)
    SELECT shop, p.dimension, chats_moscow_day(at), p.promo_code_pk, p.operator_pk,
           p.place_kind, p.value, count(*), count(code), count(seconds),
           coalesce(sum(seconds), 0),
           coalesce(sum(round(distance * 1000000)::bigint), 0), false
    FROM acts, chats_figure_places(
        step, code, operator, kind, intent, template, version, reason, seconds) AS p
    GROUP BY p.dimension, chats_moscow_day(at), p.promo_code_pk, p.operator_pk,
             p.place_kind, p.value
$$;
SELECT chats_figures_rebuild(id) FROM promos_seller;
"""
FORWARDS = (PACE, PLACES, DAY, ADD, TURNS, SUGGESTIONS, DECISIONS, REPLIES, REBUILD)
BACKWARDS = """
DROP FUNCTION chats_figures_rebuild(bigint);
DROP FUNCTION chats_figure_of_turn() CASCADE;
DROP FUNCTION chats_figure_of_suggestion() CASCADE;
DROP FUNCTION chats_figure_of_decision() CASCADE;
DROP FUNCTION chats_figure_of_decision_row(int, chats_decision);
DROP FUNCTION chats_figure_of_reply() CASCADE;
DROP FUNCTION chats_figure_of_reply_row(int, chats_outgoing);
DROP FUNCTION chats_figure_add(
    int, text, bigint, timestamptz, bigint, bigint, text, text, text, text, text,
    bigint, double precision);
DROP FUNCTION chats_figure_places(
    text, bigint, bigint, text, text, text, text, text, bigint);
DROP FUNCTION chats_figure_pace(bigint);
DROP FUNCTION chats_moscow_day(timestamptz);
DELETE FROM chats_figureday;
"""


class Migration(migrations.Migration):
    dependencies = [("chats", "0013_figure_days")]

    operations = [migrations.RunSQL("".join(FORWARDS), BACKWARDS)]
