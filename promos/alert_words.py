"""What an alert says: what is wrong, what to do about it, and where."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from promos.models import Alert
from promos.rules.terms import UseCase

Params = dict[str, Any]
Words = tuple[str, str]
Kind = Alert.Kind

USE_CASES: dict[str, Promise] = {
    UseCase.LOYALTY: gettext_lazy("loyalty"),
    UseCase.RETENTION: gettext_lazy("retention"),
    UseCase.CONVERSION: gettext_lazy("conversion"),
}
POLL_PROBLEMS: dict[str, Promise] = {
    "unavailable": gettext_lazy("WB does not answer."),
    "throttled": gettext_lazy("WB asks to wait."),
    "rejected": gettext_lazy("WB refuses the request."),
    "forbidden": gettext_lazy("WB refuses the token."),
    "payment": gettext_lazy("WB asks for payment of its API."),
}


def title(alert: Alert) -> str:
    """Return what is wrong, in one line."""
    return _words(alert)[0]


def body(alert: Alert) -> str:
    """Return what it means and what to do."""
    return _words(alert)[1]


def text(alert: Alert) -> str:
    """Return the whole alert as plain text, its link at the end."""
    lines = [title(alert), body(alert), absolute(alert.link)]
    return "\n".join(line for line in lines if line)


def absolute(link: str) -> str:
    """Return the full address of a page of ours; empty for none."""
    return urljoin(settings.PUBLIC_URL + "/", link) if link else ""


def address(view: str, *args: object) -> str:
    """Return the full address of a named page."""
    return absolute(path(view, *args))


def path(view: str, *args: object, query: str = "") -> str:
    """Return the path of a named page; empty while there is no such page."""
    try:
        return reverse(view, args=args) + query
    except NoReverseMatch:
        return ""


def use_case_names(cases: list[str]) -> str:
    """Return the use cases as a list for a sentence."""
    return ", ".join(str(USE_CASES[case]) for case in cases)


AMOUNTS = ("price", "margin", "loss", "budget")


def _words(alert: Alert) -> Words:
    amounts = {
        name: _amount(alert.params[name]) for name in AMOUNTS if name in alert.params
    }
    return _BY_KIND[Kind(alert.kind)](alert.params | amounts)


def _amount(rubles: str) -> str:
    """Return an amount as the page's language writes it, kopecks and a true minus."""
    written = formats.number_format(
        Decimal(rubles), 2, use_l10n=True, force_grouping=True
    )
    return written.replace("-", "−")


def _day(iso: str, *, with_year: bool = False) -> str:
    shown = "j E Y" if with_year else "j E"
    return formats.date_format(date.fromisoformat(iso), shown)


def _moment(iso: str) -> str:
    local = timezone.localtime(datetime.fromisoformat(iso))
    return formats.date_format(local, "j E H:i")


def _code_expires(params: Params) -> Words:
    days, shown = params["days"], {"code": params["code"], "day": _day(params["last"])}
    if days < 0:
        said = _("Code %(code)s has ended: its last day was %(day)s") % shown
    elif days == 0:
        said = _("Code %(code)s ends today") % shown
    else:
        said = ngettext(
            "Code %(code)s ends in %(days)d day, on %(day)s",
            "Code %(code)s ends in %(days)d days, on %(day)s",
            days,
        ) % {**shown, "days": days}
    if params["bare"]:
        after = _("After it there is no code for: %(cases)s.") % {
            "cases": use_case_names(params["bare"])
        }
    else:
        after = _("Other codes cover what it was for.")
    advice = _(
        "WB does not prolong codes: make a new one in the WB cabinet and enter it "
        "with “Extend by a new code”."
    )
    return said, f"{after} {advice}"


def _coverage_gap(params: Params) -> Words:
    shown = {
        "case": use_case_names([params["use_case"]]),
        "first": _day(params["first"]),
        "last": _day(params["last"]),
    }
    said = _("From %(first)s there is no code for: %(case)s") % shown
    until = "" if params["is_open"] else _("The gap lasts until %(last)s.") % shown
    advice = _(
        "Make a code for it in the WB cabinet, at the latest the day before, and "
        "enter it here."
    )
    return said, f"{until} {advice}".strip()


def _no_code(params: Params) -> Words:
    if not params["use_case"]:
        return (
            _("There are no promo codes yet"),
            _(
                "Replies go out without a code. Make codes in the WB cabinet and "
                "enter them here."
            ),
        )
    case = {"case": use_case_names([params["use_case"]])}
    return (
        _("No code now for: %(case)s") % case,
        _(
            "Replies to such buyers go out without a code. Make a code in the WB "
            "cabinet and enter it here, or allow a running one for this use case."
        ),
    )


def _ten_slots(params: Params) -> Words:
    shown = {"day": _day(params["day"]), "taken": params["taken"]}
    if params["taken"] > 10:
        return (
            _("%(taken)d codes on %(day)s, WB holds ten") % shown,
            _("Remove or move one of them: WB will refuse the eleventh."),
        )
    return (
        _("All ten places for codes are taken on %(day)s") % shown,
        _(
            "A new code will not fit until one ends. Keep one place free for "
            "surprises: switch off in the WB cabinet the code you need least."
        ),
    )


def _token_expires(params: Params) -> Words:
    days, shown = params["days"], {"day": _day(params["last"], with_year=True)}
    if days < 0:
        said = _("The WB token has ended on %(day)s") % shown
    elif days == 0:
        said = _("The WB token ends today")
    else:
        said = ngettext(
            "The WB token ends in %(days)d day, on %(day)s",
            "The WB token ends in %(days)d days, on %(day)s",
            days,
        ) % {**shown, "days": days}
    return said, _(
        "Without it no chats are read and no replies go out. Make a new token in the "
        "WB cabinet (Settings, API access) and enter it; the old one works until then."
    )


def _token_refused(params: Params) -> Words:
    said = _("WB no longer takes the token: reading and sending have stopped")
    why = _("WB says: %(refusal)s.") % params if params["refusal"] else ""
    advice = _(
        "Make a new token with the same categories in the WB cabinet and enter it. "
        "Nothing is lost: messages are read from where reading stopped."
    )
    return said, f"{why} {advice}".strip()


def _negative_margin(params: Params) -> Words:
    said = ngettext(
        "Code %(code)s sells %(count)d article at a loss",
        "Code %(code)s sells %(count)d articles at a loss",
        params["count"],
    )
    worst = _(
        "The worst: article %(nm_id)s sells for %(price)s ₽ and leaves %(margin)s ₽ "
        "a unit."
    )
    advice = _(
        "AgentIQ does not suggest the code there. But buyers who know it can use it: "
        "raise the price, take the article out of the code, or end the code in the "
        "WB cabinet."
    )
    return said % params, f"{worst % params} {advice}"


def _code_void(params: Params) -> Words:
    said = ngettext(
        "Code %(code)s does not work on %(count)d article: its discounts exceed 45 %%",
        "Code %(code)s does not work on %(count)d articles: their discounts exceed "
        "45 %%",
        params["count"],
    )
    example = _("For example article %(nm_id)s with %(percent)s %%.")
    percent = formats.number_format(Decimal(params["percent"]).normalize())
    advice = _(
        "AgentIQ does not suggest the code there. Lower the discount to 45 %, or take "
        "these articles out of the code."
    )
    return said % params, f"{example % {**params, 'percent': percent}} {advice}"


def _shop_budget(params: Params) -> Words:
    budgets = {
        "day": _("of the day"),
        **{case: _("of the month (%s)") % name for case, name in USE_CASES.items()},
    }
    words = params | {"name": budgets[params["of"]]}
    given = _("Given away: %(loss)s of %(budget)s ₽ (an estimate).") % words
    if params["threshold"] >= 100:
        said = _("The loss budget %(name)s is used up") % words
        advice = _(
            "AgentIQ suggests no code on its account. Raise the budget in the shop's "
            "settings if it pays off."
        )
    else:
        said = _("80 %% of the loss budget %(name)s is used") % words
        advice = _(
            "At 100 % AgentIQ stops suggesting codes on its account. Raise the budget "
            "in the shop's settings, or wait for the next one."
        )
    return said, f"{given} {advice}"


def _loss_budget(params: Params) -> Words:
    if "of" in params:
        return _shop_budget(params)
    if params["threshold"] >= 100:
        return (
            _("The loss budget of code %(code)s is used up") % params,
            _(
                "Given away: %(loss)s of %(budget)s ₽. AgentIQ no longer suggests the "
                "code. Raise the budget if it pays off, or end the code."
            )
            % params,
        )
    return (
        _("80 %% of the loss budget of code %(code)s is used") % params,
        _(
            "Given away: %(loss)s of %(budget)s ₽. At 100 %% AgentIQ stops suggesting "
            "the code. Raise the budget or prepare another code."
        )
        % params,
    )


def _code_leaked(params: Params) -> Words:
    return (
        _("Strangers use code %(code)s") % params,
        _(
            "AgentIQ does not suggest it any more. Replace it by a new code and end "
            "this one in the WB cabinet: until then anybody can use it."
        ),
    )


def _poll_behind(params: Params) -> Words:
    said = ngettext(
        "Chats have not been read for %(minutes)d minute",
        "Chats have not been read for %(minutes)d minutes",
        params["minutes"],
    )
    why = str(POLL_PROBLEMS.get(params["problem"], ""))
    advice = _(
        "New messages of buyers are not seen meanwhile; answer urgent ones in the WB "
        "cabinet. AgentIQ keeps trying and loses none. If it lasts, check the token "
        "and that the workers run."
    )
    return said % params, f"{why} {advice}".strip()


def _send_trouble(params: Params) -> Words:
    said = ngettext(
        "%(count)d reply did not go out or is not confirmed",
        "%(count)d replies did not go out or are not confirmed",
        params["count"],
    )
    return said % params, _(
        "In the last ten minutes. Open the chats marked “not sent”: each says why and "
        "what to do. The texts are kept."
    )


def _unknown_delivery(params: Params) -> Words:
    said = ngettext(
        "Delivery of %(count)d reply is not confirmed",
        "Delivery of %(count)d replies is not confirmed",
        params["count"],
    )
    return said % params, _(
        "WB gave no answer and the message is not in the chat yet. AgentIQ keeps "
        "looking; do not write it again before looking into the WB cabinet, or the "
        "buyer gets it twice."
    )


def _chat_deadline(params: Params) -> Words:
    since = _("The oldest waits since %(since)s.") % {"since": _moment(params["since"])}
    if params.get("clock", "wb") != "wb":
        said, advice = _other_clock(params)
        return said % params, f"{since} {advice}"
    hours = params["hours"]
    if params["threshold"] >= 100:
        said = ngettext(
            "%(count)d buyer has waited longer than the ten days WB allows",
            "%(count)d buyers have waited longer than the ten days WB allows",
            params["count"],
        )
    else:
        said = ngettext(
            "%(count)d buyer waits for an answer: %(hours)d hours are left",
            "%(count)d buyers wait for an answer: %(hours)d hours are left",
            params["count"],
        )
    advice = _("WB asks sellers to answer within ten days. Answer the oldest first.")
    return said % {**params, "hours": hours}, f"{since} {advice}"


def _other_clock(params: Params) -> Words:
    """What is late, or part of the way there, by another clock than the ten days."""
    count, late = params["count"], params["threshold"] >= 100
    if params["clock"] == "rating":
        advice = _("WB lets a low rating be talked over for 72 hours.")
        if late:
            return ngettext(
                "%(count)d buyer with a low rating has waited longer than 72 hours",
                "%(count)d buyers with a low rating have waited longer than 72 hours",
                count,
            ), advice
        return ngettext(
            "%(count)d buyer with a low rating waits: %(threshold)d%% of 72 hours gone",
            "%(count)d buyers with a low rating wait: %(threshold)d%% of 72 hours gone",
            count,
        ), advice
    advice = _("The shop's own target, in its working time. The list is in its order.")
    if late:
        return ngettext(
            "%(count)d buyer has waited longer than the shop's target",
            "%(count)d buyers have waited longer than the shop's target",
            count,
        ), advice
    return ngettext(
        "%(count)d buyer waits: %(threshold)d%% of the shop's target gone",
        "%(count)d buyers wait: %(threshold)d%% of the shop's target gone",
        count,
    ), advice


def _wb_news(params: Params) -> Words:
    return (
        _("WB news: %(header)s") % params,
        _(
            "The announcement mentions promo codes. Read it in the WB cabinet: rules "
            "for codes may change."
        ),
    )


_BY_KIND: dict[Alert.Kind, Callable[[Params], Words]] = {
    Kind.CODE_EXPIRES: _code_expires,
    Kind.COVERAGE_GAP: _coverage_gap,
    Kind.NO_CODE: _no_code,
    Kind.TEN_SLOTS: _ten_slots,
    Kind.TOKEN_EXPIRES: _token_expires,
    Kind.TOKEN_REFUSED: _token_refused,
    Kind.NEGATIVE_MARGIN: _negative_margin,
    Kind.CODE_VOID: _code_void,
    Kind.LOSS_BUDGET: _loss_budget,
    Kind.CODE_LEAKED: _code_leaked,
    Kind.POLL_BEHIND: _poll_behind,
    Kind.SEND_TROUBLE: _send_trouble,
    Kind.UNKNOWN_DELIVERY: _unknown_delivery,
    Kind.CHAT_DEADLINE: _chat_deadline,
    Kind.WB_NEWS: _wb_news,
}
