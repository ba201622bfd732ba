"""Sums of sends for all and for each operator, from those for code and operator."""

from django.db import migrations

FORWARDS = """
DELETE FROM promos_sendday WHERE promo_code_id IS NULL;
INSERT INTO promos_sendday (seller_id, dimension, day, promo_code_id, operator_pk,
                            value, sends, answered, answer_seconds, priced, discount)
SELECT seller_id, dimension, day, NULL, scope.operator_pk, value,
       sum(sends), sum(answered), sum(answer_seconds), sum(priced), sum(discount)
FROM promos_sendday
CROSS JOIN LATERAL (VALUES (-1::bigint), (operator_pk)) AS scope (operator_pk)
GROUP BY seller_id, dimension, day, scope.operator_pk, value;
"""
BACKWARDS = "DELETE FROM promos_sendday WHERE promo_code_id IS NULL;"


class Migration(migrations.Migration):
    dependencies = [("promos", "0009_sums_by_scope")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
