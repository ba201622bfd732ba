"""Fill the sums of what redemptions take off from the sends there are."""

from django.db import migrations

# Each send of the ledger adds to its row in every dimension; Moscow is UTC+3.
FILL = """
UPDATE promos_sendday AS sums SET priced = known.priced, discount = known.discount
FROM (
    SELECT seller_id, dimension,
           ((sent_at AT TIME ZONE 'UTC') + interval '3 hours')::date AS day,
           promo_code_id, coalesce(operator_id, 0) AS operator_pk, value,
           count(*) AS priced, sum((snapshot ->> 'discount_rub')::numeric) AS discount
    FROM promos_promocodesend
    CROSS JOIN LATERAL (VALUES
        ('total', ''), ('intent', trigger_intent), ('sentiment', trigger_sentiment),
        ('use_case', use_case), ('article', coalesce(nm_id::text, '')),
        ('decision', decision),
        ('speed', CASE WHEN answer_seconds IS NULL THEN ''
            WHEN answer_seconds <= 60 THEN '1m' WHEN answer_seconds <= 300 THEN '5m'
            WHEN answer_seconds <= 900 THEN '15m' WHEN answer_seconds <= 3600 THEN '1h'
            WHEN answer_seconds <= 14400 THEN '4h'
            WHEN answer_seconds <= 86400 THEN '1d' ELSE 'later' END)
    ) AS dimensions (dimension, value)
    WHERE snapshot ->> 'discount_rub' IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6
) AS known
WHERE (sums.seller_id, sums.dimension, sums.day, sums.promo_code_id,
       sums.operator_pk, sums.value)
    = (known.seller_id, known.dimension, known.day, known.promo_code_id,
       known.operator_pk, known.value)
"""


class Migration(migrations.Migration):
    dependencies = [("promos", "0007_send_discounts")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
