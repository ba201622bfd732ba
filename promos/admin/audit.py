"""Who did what that matters: the owner reads it, nobody edits it."""

from django.contrib import admin

from promos import roles
from promos.admin.base import FactAdmin
from promos.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(FactAdmin):
    """Newest first; the database refuses to change or delete an entry."""

    area = roles.Area.AUDIT
    list_display = ("at", "kind", "subject", "detail", "who", "address")
    list_filter = ("kind",)
    search_fields = ("subject", "detail", "actor")
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    exclude = ("seller",)

    @admin.display(description=AuditEntry._meta.get_field("actor").verbose_name)
    def who(self, entry: AuditEntry) -> str:
        return entry.actor or "AgentIQ"
