"""
Files in and out: codes and products with their costs, as CSV or XLSX.

A file is read whole before anything is written: each row is judged by the same
forms the desk uses, and one wrong row keeps all of them out. What comes out of a
shop is safe to open in a spreadsheet: text that would run as a formula is quoted.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from import_export import fields, resources

from promos import columns, registry, wording
from promos.cells import (
    Amount,
    Article,
    Articles,
    Choice,
    Day,
    Flag,
    Percent,
    Price,
    SafeText,
    Share,
)
from promos.models import Product, PromoCode, Seller
from promos.rules import limits

MOST_ROWS = 10_000


class ShopResource(resources.ModelResource):
    """Rows of one shop; the file never says which."""

    def __init__(self, *, seller: Seller, by: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seller, self.by = seller, by
        self.known: dict[Any, Any] = {}

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(seller=self.seller)

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Name what is wrong with the file before any row is read."""
        found = columns.read(self._meta.model, self._meta.fields, dataset.headers or ())
        dataset.headers = found.names
        missing = [name for name in self.needed if name not in found.names]
        said = [
            sentence % {"columns": _listed(titles)}
            for sentence, titles in (
                (
                    gettext(
                        "Columns missing in the first row: %(columns)s. Merged cells "
                        "and headings above the table must be removed."
                    ),
                    [self.title(name) for name in missing],
                ),
                (
                    gettext(
                        "Columns nobody knows here: %(columns)s. Rename them as in "
                        "the template or remove them."
                    ),
                    found.unknown,
                ),
                (gettext("Columns given twice: %(columns)s."), found.twice),
            )
            if titles
        ]
        if said:
            del dataset[:]
            raise ValidationError(said)
        filled = [place for place, row in enumerate(dataset) if not _is_blank(row)]
        del dataset[filled[-1] + 1 if filled else 0 :]
        if len(dataset) > MOST_ROWS:
            raise ValidationError(
                gettext("At most %(most)d rows at a time.") % {"most": MOST_ROWS}
            )

    def title(self, name: str) -> str:
        """Return what the desk calls a column."""
        return columns.title(self._meta.model, name)

    def get_diff_headers(self) -> list[str]:
        """Head a dry run's preview as the desk does."""
        return [self.title(it.column_name) for it in self.get_user_visible_fields()]

    def import_row(
        self, row: Mapping[str, Any], instance_loader: Any, **kwargs: Any
    ) -> Any:
        """Take one row; an empty one between others is no error."""
        if not _is_blank(row.values()):
            return super().import_row(row, instance_loader, **kwargs)
        passed = self.get_row_result_class()()
        passed.import_type = passed.IMPORT_TYPE_SKIP
        return passed

    def init_instance(self, row: Mapping[str, Any] | None = None) -> Any:
        instance = super().init_instance(row)
        instance.seller = self.seller
        return instance

    def get_instance(self, loader: Any, row: Mapping[str, Any]) -> Any:
        """Return the stored row of the file's key, from one query for all."""
        if not self.known:
            self.known = {self.key_of(it): it for it in self.get_queryset()} or {
                None: None
            }
        try:
            return self.known.get(self.key_in(row))
        except ValueError as error:
            raise ValidationError({self.needed[0]: str(error)}) from None

    def key_of(self, instance: Any) -> Any:
        raise NotImplementedError

    def key_in(self, row: Mapping[str, Any]) -> Any:
        raise NotImplementedError

    needed: tuple[str, ...] = ()


class ProductResource(ShopResource):
    """Articles with prices and costs; a column that is missing changes nothing."""

    nm_id = fields.Field("nm_id", "nm_id", Article())
    title = fields.Field("title", "title", SafeText())
    vendor_code = fields.Field("vendor_code", "vendor_code", SafeText())
    price = fields.Field("price", "price", Price())
    discount_percent = fields.Field("discount_percent", "discount_percent", Share())
    cost = fields.Field("cost", "cost", Amount())
    commission_percent = fields.Field(
        "commission_percent", "commission_percent", Share()
    )
    logistics = fields.Field("logistics", "logistics", Amount())
    return_logistics = fields.Field("return_logistics", "return_logistics", Amount())
    storage = fields.Field("storage", "storage", Amount())
    acquiring_percent = fields.Field("acquiring_percent", "acquiring_percent", Share())
    return_percent = fields.Field("return_percent", "return_percent", Share())
    tax = fields.Field("tax", "tax", Choice(Product.Tax, empty=Product.Tax.USN_INCOME))
    cost_source = fields.Field("cost_source", "cost_source", SafeText())

    needed = ("nm_id",)

    class Meta:
        model = Product
        fields = (
            "nm_id",
            "title",
            "vendor_code",
            "price",
            "discount_percent",
            "cost",
            "commission_percent",
            "logistics",
            "return_logistics",
            "storage",
            "acquiring_percent",
            "return_percent",
            "tax",
            "cost_source",
        )
        import_id_fields = ("nm_id",)
        use_transactions = True
        skip_unchanged = True
        report_skipped = True

    def key_of(self, instance: Product) -> Any:
        return instance.nm_id

    def key_in(self, row: Mapping[str, Any]) -> Any:
        return Article().clean(row.get("nm_id"))

    def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        instance.cost_updated_at = timezone.now()
        instance._change_reason = gettext("import")
        instance._history_user = self.by


class PromoCodeResource(ShopResource):
    """Codes under the names of the schema; days are Moscow days, both included."""

    code = fields.Field("code", "code", SafeText())
    discount_percent = fields.Field("discount_percent", "discount_percent", Percent())
    description = fields.Field("description", "description", SafeText())
    applies_to = fields.Field(
        "applies_to",
        "applies_to",
        Choice(PromoCode.AppliesTo, empty=PromoCode.AppliesTo.ALL),
    )
    product_nms = fields.Field("product_nms", "product_nms", Articles())
    starts_at = fields.Field("starts_at", "starts_at", Day())
    expires_at = fields.Field("expires_at", "expires_at", Day(last=True))
    is_active = fields.Field("is_active", "is_active", Flag())
    is_draft = fields.Field("is_draft", "is_draft", Flag())
    already_live = fields.Field("already_live", "already_live", Flag())
    use_for_positive = fields.Field("use_for_positive", "use_for_positive", Flag())
    use_for_negative = fields.Field("use_for_negative", "use_for_negative", Flag())
    use_for_pre_purchase = fields.Field(
        "use_for_pre_purchase", "use_for_pre_purchase", Flag()
    )

    needed = ("code", "discount_percent", "starts_at", "expires_at")

    class Meta:
        model = PromoCode
        fields = (
            "code",
            "discount_percent",
            "description",
            "applies_to",
            "product_nms",
            "starts_at",
            "expires_at",
            "is_active",
            "is_draft",
            "already_live",
            "use_for_positive",
            "use_for_negative",
            "use_for_pre_purchase",
        )
        import_id_fields = ("code",)
        use_transactions = True
        skip_unchanged = True
        report_skipped = True

    def get_queryset(self) -> Any:
        return super().get_queryset().current()

    def key_of(self, instance: PromoCode) -> Any:
        return instance.code_key

    def key_in(self, row: Mapping[str, Any]) -> Any:
        return limits.normalise_code(SafeText().clean(row.get("code")))

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        if transaction.get_connection().in_atomic_block:
            registry.hold(self.seller)

    def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """Judge the row as the form would; terms that went out stay as they are."""
        now = timezone.now()
        if instance.product_nms and not row.get("applies_to"):
            instance.applies_to = PromoCode.AppliesTo.SELECTED
        stored = self.known.get(limits.normalise_code(instance.code or ""))
        if stored is not None and stored.first_sent_at:
            raise ValueError(
                gettext("%(code)s already went out: change it by a new version.")
                % {"code": stored.code}
            )
        same_start = stored is not None and stored.starts_at == instance.starts_at
        try:
            registry.check(instance, now=now, same_start=same_start)
        except registry.Refused as refused:
            found: dict[str, list[str]] = {}
            for problem in refused.problems:
                found.setdefault(problem.field, []).append(wording.sentence(problem))
            raise ValidationError(found) from None
        instance.created_by = instance.created_by or self.by
        instance._change_reason = gettext("import")
        instance._history_user = self.by


def _is_blank(cells: Iterable[Any]) -> bool:
    """Say whether a row of a spreadsheet holds nothing at all."""
    return not any(cell is not None and str(cell).strip() for cell in cells)


def _listed(titles: Iterable[str]) -> str:
    return ", ".join(gettext("“%s”") % title for title in titles)
