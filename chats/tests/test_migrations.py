"""A migration must not lock a table that is written to all day."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

BIG = {
    "analysis",
    "attempt",
    "chat",
    "message",
    "outgoing",
    "outgoingchange",
    "promocodesend",
    "sale",
    "suggestion",
    "webhookdelivery",
}
FIRST = 25
"""Migrations up to this number were made before there was a shop with rows."""


def locking(migration):
    """Return what would build an index or check rows with a big table locked."""
    made = {
        op.name.lower()
        for op in migration.operations
        if isinstance(op, migrations.CreateModel)
    }
    return [op.describe() for op in migration.operations if _locks(op, BIG - made)]


def _locks(op, tables):
    if getattr(op, "model_name", "").lower() not in tables:
        return False
    if isinstance(op, migrations.AddIndex):
        return not op.__class__.__name__.endswith("Concurrently")
    if isinstance(op, migrations.AddConstraint):
        return True
    if isinstance(op, migrations.AddField | migrations.AlterField):
        field = op.field
        return bool(field.db_index or field.unique or field.remote_field)
    return False


def test_a_later_migration_locks_no_big_table():
    loader = MigrationLoader(None)
    found = {
        f"{app}.{name}": locking(migration)
        for (app, name), migration in loader.disk_migrations.items()
        if app in ("chats", "promos") and int(name[:4]) > FIRST
    }

    assert {name: ops for name, ops in found.items() if ops} == {}


def test_a_plain_index_on_messages_is_found_and_a_concurrent_one_is_not():
    index = models.Index(fields=["text"], name="by_text")
    small = migrations.AddIndex("savedreply", index)
    plain = migrations.AddIndex("message", index)
    gentle = AddIndexConcurrently("message", index)
    keyed = migrations.AddField("chat", "shelf", models.IntegerField(db_index=True))
    free = migrations.AddField("chat", "shelf", models.IntegerField(null=True))

    class Migration(migrations.Migration):
        operations = [small, plain, gentle, keyed, free]

    found = locking(Migration("0099_more", "chats"))

    assert found == [plain.describe(), keyed.describe()]
