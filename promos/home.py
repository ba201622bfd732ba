"""
What a seller wants to know on opening the desk, and what to do next.

Slots, what ends soon, coverage, sends of today, problems; and for a new shop the
steps to the first send, each of which looks for itself whether it is done.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from promos import offers, planner
from promos.models import Alert, Product, PromoCode, PromoCodeSend, Seller, WbToken
from promos.rules.budgets import Usage
from promos.rules.days import DAY, day_start, moscow_date
from promos.rules.limits import SLOTS
from promos.rules.slots import TARGETS, Gap
from promos.rules.terms import UseCase
from promos.todo import Todo, todo

BUDGETS: dict[str, Promise] = {
    "day": _("The shop, today"),
    UseCase.LOYALTY: _("Loyalty, this month"),
    UseCase.RETENTION: _("Retention, this month"),
    UseCase.CONVERSION: _("Conversion, this month"),
}


class Covered(NamedTuple):
    """How many codes run for a use case today, and how many are wanted."""

    use_case: UseCase
    codes: int
    need: int
    gap: Gap | None

    @property
    def mood(self) -> str:
        """Return «none», «thin» or «enough»."""
        if self.codes == 0:
            return "none"
        return "thin" if self.codes < self.need else "enough"


class Budget(NamedTuple):
    """A loss budget, of a code or of the shop, and how far it is used."""

    name: str
    usage: Usage

    @property
    def percent(self) -> int:
        """Return whole percents used, rounded down."""
        return int(self.usage.percent or 0)

    @property
    def mood(self) -> str:
        """Return «fine», «warning» or «spent»."""
        return self.usage.state.value


class Step(NamedTuple):
    """A step of the first day: what to do, where, and whether it is done."""

    title: Promise
    hint: Promise
    address: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class Home:
    """The page's figures; ``next_step`` is the first thing left to do."""

    live: int
    slots: int
    expiring: tuple[PromoCode, ...]
    coverage: tuple[Covered, ...]
    budgets: tuple[Budget, ...]
    sent_today: int
    sent_week: int
    todo: tuple[Todo, ...]
    alerts: tuple[Alert, ...]
    alert_count: int
    without_cost: int
    steps: tuple[Step, ...]
    is_new: bool
    prices_as_of: datetime | None

    @property
    def next_step(self) -> Step | None:
        """Return the first step not done, None when all are."""
        return next((step for step in self.steps if not step.is_done), None)


def home(seller: Seller, *, now: datetime, suggested: Callable[[], bool]) -> Home:
    """
    Return the home page of a shop, in at most ten queries.

    ``suggested`` says whether a suggestion was ever made: the caller knows, since
    chats are above this app.
    """
    today = moscow_date(now)
    plan, by_code = planner.plan_of(seller, today=today)
    live = [
        row
        for row in by_code.values()
        if row.starts_at <= now < row.expires_at and not row.is_draft
    ]
    soon = now + timedelta(days=seller.expiring_days)
    sends = PromoCodeSend.objects.filter(seller=seller).aggregate(
        today=Count("pk", filter=Q(sent_at__gte=day_start(today))),
        week=Count("pk", filter=Q(sent_at__gte=day_start(today - 6 * DAY))),
        ever=Count("pk"),
    )
    products = Product.objects.filter(seller=seller, gone_at=None).aggregate(
        all=Count("pk"), costed=Count("cost")
    )
    latest = Product.objects.filter(seller=seller, prices_synced_at__isnull=False)
    stamp = latest.order_by("-prices_synced_at").values_list(
        "prices_synced_at", flat=True
    )
    alerts = list(_alerts(seller))
    steps = _steps(
        seller,
        has_code=bool(by_code) or PromoCode.objects.filter(seller=seller).exists(),
        has_cost=products["costed"] > 0,
        suggested=suggested,
        has_sent=sends["ever"] > 0,
        now=now,
    )
    return Home(
        live=len(live),
        slots=SLOTS,
        expiring=tuple(
            sorted(
                (row for row in live if row.expires_at <= soon),
                key=lambda row: row.expires_at,
            )
        ),
        coverage=tuple(
            Covered(
                case,
                plan.days[0].covered[case],
                need,
                next((gap for gap in plan.gaps if gap.use_case is case), None),
            )
            for case, need in TARGETS.items()
        ),
        budgets=tuple(_budgets(seller, live, now)),
        sent_today=sends["today"],
        sent_week=sends["week"],
        todo=todo(by_code.values(), plan, alerts, now=now),
        alerts=tuple(alerts[:5]),
        alert_count=len(alerts),
        without_cost=products["all"] - products["costed"],
        steps=steps,
        is_new=not all(step.is_done for step in steps),
        prices_as_of=stamp.first(),
    )


def _budgets(seller: Seller, live: list[PromoCode], now: datetime) -> Iterator[Budget]:
    """Yield the budgets that are set, the shop's first; a query for each kind set."""
    for name, used in offers.shop_budgets_used(seller, now=now).items():
        yield Budget(str(BUDGETS[name]), used)
    limited = {row.pk for row in live if row.loss_budget is not None}
    if limited:
        for row, used in offers.budgets_used(seller, now=now):
            if row.pk in limited:
                yield Budget(row.code, used)


def _alerts(seller: Seller) -> list[Alert]:
    """Return what needs attention, the most urgent first."""
    order = {"critical": 0, "warning": 1, "info": 2}
    rows = Alert.objects.filter(
        seller=seller, state__in=(Alert.State.OPEN, Alert.State.ACKNOWLEDGED)
    )
    return sorted(rows[:200], key=lambda row: (order.get(row.level, 3), -row.pk))


def _steps(
    seller: Seller,
    *,
    has_code: bool,
    has_cost: bool,
    suggested: Callable[[], bool],
    has_sent: bool,
    now: datetime,
) -> tuple[Step, ...]:
    has_key = any(
        not row.is_expired(now) and 9 in row.categories
        for row in WbToken.objects.usable(seller)
    )
    return (
        Step(
            _("Connect the shop to WB"),
            _("A personal token with the category «Chat with buyers»."),
            "admin:promos_wbtoken_add",
            has_key,
        ),
        Step(
            _("Enter the first code"),
            _("Make it in the WB cabinet, then enter it here under the same name."),
            "admin:promos_promocode_add",
            has_code,
        ),
        Step(
            _("Enter the cost of one article"),
            _("Then AgentIQ knows which discount would cost you money."),
            "admin:promos_product_changelist",
            has_cost,
        ),
        Step(
            _("Get the first suggestion"),
            _(
                "It appears when a buyer writes: the shop's chats are read all the time."
            ),
            "chats:inbox",
            has_sent or suggested(),
        ),
        Step(
            _("Send the first code"),
            _(
                "Open a chat and press «Use the code»; dry run shows it without sending."
            ),
            "chats:inbox",
            has_sent,
        ),
    )
