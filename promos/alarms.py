"""
What the promo side can see going wrong. Each check returns causes and writes nothing.

``watch`` runs them all for one seller and hands the causes to ``alerts.keep``, so
running ten times, or after days of standing still, comes to the same alerts.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from agentiq.wb.client import WbClient
from promos import alerts, effects, offers
from promos.alert_words import path
from promos.alerts import Cause, Kind, Level
from promos.models import Alert, Product, PromoCode, Seller, WbToken
from promos.rules import eligibility, slots
from promos.rules.budgets import FULL_PCT, WARN_PCT, BudgetState, Usage
from promos.rules.days import DAY, days_of, moscow_date
from promos.rules.eligibility import Situation
from promos.rules.limits import SLOTS
from promos.rules.pricing import Reason
from promos.rules.terms import UseCase

CODE_DAYS = (0, 1, 3, 7)
TOKEN_DAYS = (0, 1, 7, 14)
ENDED_DAYS = 3  # an ended code is spoken of that long
SLOT_DAYS = 14
NEWS_DAYS = 7
NEWS_KEPT = timedelta(days=30)
NEWS_WORDS = ("промокод", "promocode", "promo code", "промо-код")

KINDS = (
    Kind.CODE_EXPIRES,
    Kind.COVERAGE_GAP,
    Kind.NO_CODE,
    Kind.TEN_SLOTS,
    Kind.TOKEN_EXPIRES,
    Kind.TOKEN_REFUSED,
    Kind.LOSS_BUDGET,
    Kind.CODE_LEAKED,
)
MONEY_KINDS = (Kind.NEGATIVE_MARGIN, Kind.CODE_VOID)


def watch(seller: Seller, *, now: datetime) -> list[Alert]:
    """Look at codes, coverage, token and budgets; return the alerts that are new."""
    codes = list(PromoCode.objects.current().filter(seller=seller))
    causes = [
        *codes_ending(codes, now),
        *coverage(codes, now),
        *full_slots(codes, now),
        *tokens(seller, now),
        *loss_budgets(seller, now),
        *shop_loss_budgets(seller, now),
        *leaked(codes, now),
    ]
    return alerts.keep(seller, KINDS, causes, now=now)


def watch_money(seller: Seller, *, now: datetime) -> list[Alert]:
    """Look at what the running codes do to every article; return the new alerts."""
    return alerts.keep(seller, MONEY_KINDS, prices(seller, now), now=now)


def watch_news(seller: Seller, *, client: WbClient, now: datetime) -> list[Alert]:
    """Read WB's news of the last week for promo codes; return the new alerts."""
    alerts.close_read(seller, Kind.WB_NEWS, now=now, after=NEWS_KEPT)
    since = moscow_date(now) - timedelta(days=NEWS_DAYS)
    causes = [
        Cause(
            kind=Kind.WB_NEWS,
            key=str(news.news_id),
            level=Level.INFO,
            params={"header": news.header, "count": 1},
            link=_alerts_page(),
            once=True,
        )
        for news in client.news(since)
        if _is_about_codes(f"{news.header} {news.content}")
    ]
    raised = [alerts.raise_once(seller, cause, now=now) for cause in causes]
    return [alert for alert in raised if alert]


def codes_ending(codes: Iterable[PromoCode], now: datetime) -> Iterator[Cause]:
    """Yield a cause for each code that ends within 7, 3, 1 or 0 days."""
    codes, today = list(codes), moscow_date(now)
    for row in codes:
        if row.is_draft or not row.is_active or row.starts_at > now:
            continue
        _first, last = days_of(row.starts_at, row.expires_at)
        days = (last - today).days
        threshold = next((step for step in CODE_DAYS if days <= step), None)
        if threshold is None or days < -ENDED_DAYS:
            continue
        bare = _left_bare(row, codes, max(last + DAY, today))
        if days < 0 and not bare:
            continue  # it ended and others took over: nothing to do
        yield Cause(
            kind=Kind.CODE_EXPIRES,
            key=f"{row.code_key}:{last}:{threshold}",
            level=_ending_level(threshold, bare),
            params={
                "code": row.code,
                "days": days,
                "last": last.isoformat(),
                "bare": bare,
            },
            link=_code_page(row),
            once=True,
        )


def coverage(codes: Iterable[PromoCode], now: datetime) -> Iterator[Cause]:
    """Yield a cause for each use case without a code, now or within ten days."""
    codes = list(codes)
    if not any(not row.is_draft and row.expires_at > now for row in codes):
        yield Cause(kind=Kind.NO_CODE, params={"use_case": ""}, link=_new_code())
        return
    for gap in _plan(codes, now).gaps:
        if gap.days_ahead == 0:
            yield Cause(
                kind=Kind.NO_CODE,
                key=gap.use_case.value,
                level=Level.WARNING,
                params={"use_case": gap.use_case.value},
                link=_new_code(),
            )
        elif gap.is_due():
            yield Cause(
                kind=Kind.COVERAGE_GAP,
                key=f"{gap.use_case.value}:{gap.first}",
                level=Level.WARNING,
                params={
                    "use_case": gap.use_case.value,
                    "first": gap.first.isoformat(),
                    "last": gap.last.isoformat(),
                    "is_open": gap.is_open,
                },
                link=_new_code(),
            )


def full_slots(codes: Iterable[PromoCode], now: datetime) -> Iterator[Cause]:
    """Yield one cause when ten codes or more run on a day of the next two weeks."""
    days = _plan(codes, now).days[:SLOT_DAYS]
    full = [day for day in days if day.taken >= SLOTS]
    if not full:
        return
    worst = max(full, key=lambda day: (day.taken, -day.day.toordinal()))
    yield Cause(
        kind=Kind.TEN_SLOTS,
        level=Level.WARNING if worst.taken > SLOTS else Level.INFO,
        params={"day": worst.day.isoformat(), "taken": worst.taken},
        link=_codes_page(),
    )


def tokens(seller: Seller, now: datetime) -> Iterator[Cause]:
    """Yield causes for tokens that end soon or that WB refuses, unless replaced."""
    rows = list(WbToken.objects.filter(seller=seller, is_active=True))
    today = moscow_date(now)
    for row in rows:
        if any(_replaces(other, row, now) for other in rows if other.pk != row.pk):
            continue
        if row.refused_at:
            yield Cause(
                kind=Kind.TOKEN_REFUSED,
                key=str(row.pk),
                level=Level.CRITICAL,
                params={"refusal": row.refusal.rstrip(".")},
                link=_tokens_page(),
            )
        elif row.expires_at:
            last = moscow_date(row.expires_at)
            days = -1 if row.is_expired(now) else (last - today).days
            threshold = next((step for step in TOKEN_DAYS if days <= step), None)
            if threshold is not None:
                yield Cause(
                    kind=Kind.TOKEN_EXPIRES,
                    key=f"{row.pk}:{threshold}",
                    level=Level.CRITICAL if threshold <= 1 else Level.WARNING,
                    params={"days": days, "last": last.isoformat()},
                    link=_tokens_page(),
                    once=True,
                )


def leaked(codes: Iterable[PromoCode], now: datetime) -> Iterator[Cause]:
    """Yield a cause for each code that strangers use while WB still takes it."""
    for row in codes:
        if row.is_leaked and not row.is_draft and row.expires_at > now:
            yield Cause(
                kind=Kind.CODE_LEAKED,
                key=row.code_key,
                params={"code": row.code},
                link=_code_page(row),
            )


def loss_budgets(seller: Seller, now: datetime) -> Iterator[Cause]:
    """Yield a cause for each code that used 80 or 100 % of its loss budget."""
    for row, used in offers.budgets_used(seller, now=now):
        threshold = _threshold(used)
        if threshold is None:
            continue
        yield Cause(
            kind=Kind.LOSS_BUDGET,
            key=f"{row.code_key}:{threshold}",
            params={
                "code": row.code,
                "threshold": threshold,
                "loss": str(used.loss.total),
                "budget": str(used.budget),
            },
            link=_code_page(row),
        )


def shop_loss_budgets(seller: Seller, now: datetime) -> Iterator[Cause]:
    """Yield a cause for each of the shop's own budgets that is used to 80 or 100 %."""
    today = moscow_date(now)
    for budget, used in offers.shop_budgets_used(seller, now=now).items():
        threshold = _threshold(used)
        if threshold is None:
            continue
        period = f"{today}" if budget == "day" else f"{today:%Y-%m}"
        yield Cause(
            kind=Kind.LOSS_BUDGET,
            key=f"{budget.lower()}:{period}:{threshold}",
            params={
                "of": budget,
                "threshold": threshold,
                "loss": str(used.loss.total),
                "budget": str(used.budget),
            },
            link=path("admin:promos_seller_change", seller.pk) or "/admin/",
        )


def _threshold(used: Usage) -> int | None:
    """Return the percentage that a warning is due at, None for none yet."""
    due = {BudgetState.WARNING: WARN_PCT, BudgetState.SPENT: FULL_PCT}.get(used.state)
    return None if due is None else int(due)


def prices(seller: Seller, now: datetime) -> Iterator[Cause]:
    """Yield a cause for each running code that is void or sells at a loss somewhere."""
    products = list(
        Product.objects.in_catalogue().filter(seller=seller, price__isnull=False)
    )
    for row in PromoCode.objects.live(now).filter(seller=seller):
        void, losing = _judged(row, products, seller, now)
        if void:
            count, nm_id, percent = len(void), *max(void, key=lambda one: one[1])
            yield Cause(
                kind=Kind.CODE_VOID,
                key=row.code_key,
                level=Level.INFO,
                params={
                    "code": row.code,
                    "count": count,
                    "nm_id": nm_id,
                    "percent": f"{percent:.1f}",
                },
                link=_code_page(row),
            )
        if losing:
            nm_id, margin, price = min(losing, key=lambda one: one[1])
            yield Cause(
                kind=Kind.NEGATIVE_MARGIN,
                key=row.code_key,
                params={
                    "code": row.code,
                    "count": len(losing),
                    "nm_id": nm_id,
                    "margin": str(margin),
                    "price": str(price),
                },
                link=_code_page(row),
            )


def _judged(
    row: PromoCode, products: Iterable[Product], seller: Seller, now: datetime
) -> tuple[list[tuple[int, Decimal]], list[tuple[int, Decimal, Decimal]]]:
    """Return articles on which the code is void, and those it sells at a loss."""
    terms, rules = row.terms(), effects.rules_of(seller)
    void, losing = [], []
    until = row.margin_override_until
    accepted = until is not None and until >= moscow_date(now)
    for product in products:
        if not terms.covers(product.nm_id):
            continue
        situation = Situation(
            use_case=UseCase.LOYALTY,
            now=now,
            nm_id=product.nm_id,
            tag=product.price_tag(),
            costs=product.costs(),
            price_rules=rules,
        )
        found = eligibility.figures(terms, situation)
        if found.quote is None:
            continue
        if found.quote.reason is Reason.VOID_ABOVE_45:
            void.append((product.nm_id, found.quote.counted_percent))
        elif found.quote.code_applies and _loses(found) and not accepted:
            losing.append((product.nm_id, found.margin.rub, found.quote.final))
    return void, losing


def _loses(found: eligibility.Figures) -> bool:
    return found.margin is not None and found.margin.rub < 0


def _left_bare(row: PromoCode, codes: Iterable[PromoCode], day: date) -> list[str]:
    """Return the use cases of the code that no other code covers on a day."""
    others = [other.terms() for other in codes if other.pk != row.pk]
    covered = slots.plan(others, today=day, horizon_days=1).days[0].covered
    return sorted(case.value for case in row.use_cases if not covered[case])


def _ending_level(threshold: int, bare: list[str]) -> str:
    if not bare:
        return Level.INFO
    return Level.CRITICAL if threshold <= 1 else Level.WARNING


def _replaces(other: WbToken, row: WbToken, now: datetime) -> bool:
    """Say whether the other token does all this one does, and longer."""
    if other.refused_at or other.is_expired(now):
        return False
    if not set(other.categories) >= set(row.categories):
        return False
    if row.refused_at or row.expires_at is None:
        return True
    return other.expires_at is None or other.expires_at > row.expires_at


def _plan(codes: Iterable[PromoCode], now: datetime) -> slots.Plan:
    return slots.plan((row.terms() for row in codes), today=moscow_date(now))


def _is_about_codes(words: str) -> bool:
    folded = words.casefold()
    return any(word in folded for word in NEWS_WORDS)


def _code_page(row: PromoCode) -> str:
    return path("admin:promos_promocode_change", row.pk) or _codes_page()


def _codes_page() -> str:
    return path("admin:promos_promocode_changelist") or "/admin/"


def _new_code() -> str:
    return path("admin:promos_promocode_add") or _codes_page()


def _tokens_page() -> str:
    return path("admin:promos_wbtoken_changelist") or "/admin/"


def _alerts_page() -> str:
    return path("admin:promos_alert_changelist") or "/admin/"
