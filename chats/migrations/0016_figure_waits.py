"""A reply nobody waited for has no answer time: it counted as one of no seconds."""

from django.db import migrations

# The rows of a day and of all lie side by side, so a period is read in one go.
FORWARDS = """
CREATE OR REPLACE FUNCTION chats_figure_wait(since timestamptz, until timestamptz)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN since IS NOT NULL THEN
        greatest(0, extract(epoch FROM until - since))::bigint END
$$;
CREATE OR REPLACE FUNCTION chats_figure_of_reply_row(sign int, o chats_outgoing)
RETURNS void LANGUAGE sql AS $$
    SELECT chats_figure_add(sign, 'sent', o.seller_id, o.sent_at, o.promo_code_id,
               o.operator_id, '', '', '', '', '',
               chats_figure_wait(o.waited_since, o.sent_at),
               NULL)
    WHERE o.status = 'sent' AND o.sent_at IS NOT NULL
$$;
CREATE OR REPLACE FUNCTION chats_figures_rebuild(shop bigint) RETURNS void LANGUAGE sql AS $$
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
               chats_figure_wait(waited_since, sent_at), NULL
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
    ORDER BY chats_moscow_day(at), p.promo_code_pk, p.operator_pk, p.dimension
$$;
"""
ANEW = "SELECT chats_figures_rebuild(id) FROM promos_seller"


class Migration(migrations.Migration):
    dependencies = [("chats", "0015_order_fates")]

    operations = [
        migrations.RunSQL(FORWARDS, migrations.RunSQL.noop),
        migrations.RunSQL(ANEW, migrations.RunSQL.noop),
    ]
