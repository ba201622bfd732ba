"""
What every page of the desk has in common: the shop of the request, and nothing else.

A row of another shop does not exist here: lists, searches, autocompletes, choices,
actions, exports and histories start from ``get_queryset``, and an address that
names such a row answers 404, the same as one that names no row at all.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from import_export.admin import ImportExportModelAdmin
from import_export.formats import base_formats
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from promos import audit, columns, exports, roles
from promos.forms import AmountField
from promos.models import Seller
from promos.tables import Csv

TEMPLATES = {
    "csv": ("text/csv; charset=utf-8", exports.to_csv),
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        exports.to_xlsx,
    ),
}


class SellerAdmin(ModelAdmin):
    """A list and form of one shop's rows; ``area`` says who reads and who edits."""

    area = roles.Area.CODES
    seller_field = "seller"
    warn_unsaved_form = True
    list_fullwidth = True
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        seller = getattr(request, "seller", None)
        if seller is None:
            return self.model._default_manager.none()
        rows = super().get_queryset(request)
        return rows.filter(**{self.seller_field: seller.pk})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Every page's menu asks this: it need not look what there is to add to."""
        return {
            "add": False,
            "change": self.has_change_permission(request),
            "delete": False,
            "view": self.has_view_permission(request),
        }

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.may_read(_membership(request), self.area) and self.is_ours(
            request, obj
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.may_edit(_membership(request), self.area) and self.is_ours(
            request, obj
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return roles.may_edit(_membership(request), self.area)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def is_ours(self, request: HttpRequest, obj: Any) -> bool:
        """Whether a row belongs to the shop of the request; None asks about any."""
        if obj is None:
            return True
        owner = obj.pk if isinstance(obj, Seller) else obj.seller_id
        return owner in (None, request.seller.pk)  # type: ignore[attr-defined]

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        raise Http404(f"{opts.object_name} {object_id}")

    def history_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.find(request, object_id)
        return super().history_view(request, object_id, extra_context)

    def find(self, request: HttpRequest, object_id: str) -> Any:
        """Return a row of this shop that the person may see, or answer 404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, str(object_id))
        if row is None:
            raise Http404(f"{self.opts.object_name} {object_id}")
        return row

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Take amounts with a comma, a point or blanks between thousands."""
        if isinstance(db_field, models.DecimalField):
            widget = AmountField.widget
            return db_field.formfield(form_class=AmountField, widget=widget)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer rows of this shop only, people too."""
        target = db_field.remote_field.model
        seller = getattr(request, "seller", None)
        if target is Seller:
            rows = Seller.objects.filter(pk=getattr(seller, "pk", None))
        elif target is get_user_model():
            rows = target.objects.filter(memberships__seller=seller)
        elif seller is None:
            rows = target._default_manager.none()
        else:
            rows = target._default_manager.filter(seller=seller)
        return super().formfield_for_foreignkey(
            db_field, request, **{"queryset": rows} | kwargs
        )

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """A row entered here is this shop's, whatever the form says."""
        if self.seller_field == "seller":
            obj.seller = request.seller  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)


class FilesAdmin(ImportExportModelAdmin):
    """Import and export in unfold's dress, for the shop of the request."""

    import_form_class = ImportForm
    export_form_class = ExportForm
    skip_export_form = False
    formats = (base_formats.XLSX, Csv)
    import_formats = export_formats = formats

    def get_resource_kwargs(self, request: HttpRequest, *args: Any, **kw: Any) -> Any:
        return {"seller": request.seller, "by": request.user}  # type: ignore[attr-defined]

    def get_import_resource_kwargs(self, request: HttpRequest, **kw: Any) -> Any:
        return self.get_resource_kwargs(request)

    def get_export_resource_kwargs(self, request: HttpRequest, **kw: Any) -> Any:
        return self.get_resource_kwargs(request)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_template"
        view = self.admin_site.admin_view(self.template_view)
        return [path("template.<str:kind>", view, name=name), *super().get_urls()]

    def template_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Answer with an empty file to fill: the titles of the desk and no row."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        if kind not in TEMPLATES:
            raise Http404(kind)
        written_as, write = TEMPLATES[kind]
        resource = self.resource_classes[0](**self.get_resource_kwargs(request))
        titles = [resource.title(name) for name in resource._meta.fields]
        answer = HttpResponse(
            write([exports.Table("", titles, ())]), content_type=written_as
        )
        name = f"{self.opts.model_name}.{kind}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Name the columns a file may have as the desk does."""
        answer = super().import_action(request, **kwargs)
        if context := getattr(answer, "context_data", None):
            context["fields_list"] = [
                (name, [columns.title(self.model, it) for it in names])
                for name, names in context["fields_list"]
            ]
        return answer

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        """Say what to do about a file that is no table, not what broke on it."""
        said = gettext(
            "This file cannot be read as a table: choose the format it was saved in, "
            "XLSX or CSV."
        )
        form.add_error("import_file", said)

    def get_valid_export_item_pks(self, request: HttpRequest) -> Any:
        """Rows that may be named for an export: the list's own."""
        return self.get_queryset(request).values_list("pk", flat=True)

    def get_export_data(
        self, file_format: Any, request: HttpRequest, queryset: Any, **kwargs: Any
    ) -> Any:
        """Rows that leave the shop are written down."""
        kind = audit.Kind.EXPORT
        audit.of_request(request, kind, self.opts.verbose_name_plural)
        return super().get_export_data(file_format, request, queryset, **kwargs)

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """One wrong row keeps all of them out."""
        return super().get_import_data_kwargs(**kwargs) | {
            "rollback_on_validation_errors": True
        }


class FactAdmin(SellerAdmin):
    """Facts can be read and searched, never added or edited."""

    area = roles.Area.FACTS
    actions = None
    exclude: Any = ("seller",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TrackedAdmin(SellerAdmin, SimpleHistoryAdmin):
    """Who changed what, when and why; past versions can be read, not brought back."""

    history_list_display = ("history_change_reason",)

    def revert_disabled(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_view_history_permission(
        self, request: HttpRequest, obj: Any = None
    ) -> bool:
        return self.has_view_permission(request, obj)

    def has_change_history_permission(
        self, request: HttpRequest, obj: Any = None
    ) -> bool:
        return False

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "GET":
            raise PermissionDenied
        self.find(request, object_id)
        return super().history_form_view(request, object_id, version_id, extra_context)


def _membership(request: HttpRequest) -> Any:
    return getattr(request, "membership", None)
