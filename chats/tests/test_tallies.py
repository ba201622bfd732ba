"""The kept figures are those a recount gives, whatever happened in whatever order."""

import uuid
from datetime import timedelta
from random import Random
from threading import Barrier, Thread

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum
from django_scopes import scope

from agentiq.testing import NOON
from chats import figures, tallies
from chats.models import (
    Analysis,
    Chat,
    Decision,
    FigureDay,
    Message,
    Outgoing,
    Suggestion,
)
from promos.ledger import Filters

DAY = NOON.date()
WEEK = Filters(DAY - timedelta(days=6), DAY + timedelta(days=1))
PLACE = ("dimension", "day", "promo_code_pk", "operator_pk", "kind", "value")
MEASURES = ("n", "coded", "timed", "seconds", "distance")


def kept():
    """Every place with something in it."""
    sums = [Sum(name) for name in MEASURES]
    rows = FigureDay.objects.values_list(*PLACE).annotate(*sums).order_by(*PLACE)
    return [row for row in rows if any(row[len(PLACE) :])]


@pytest.fixture
def shop(seller, make_code, operator, owner):
    """Acts of a shop, drawn at random: some new, some changed, some gone."""
    return Shop(
        seller, [None, make_code("A1"), make_code("B2")], [None, operator, owner]
    )


class Shop:
    def __init__(self, seller, codes, people):
        self.seller, self.codes, self.people = seller, codes, people

    def act(self, drawn):
        acts = (self.ask, self.ask, self.decide, self.decide, self.reply, self.change)
        drawn.choice(acts)(drawn)

    def ask(self, drawn):
        """A buyer's turn and, mostly, a suggestion."""
        name, at = uuid.uuid4().hex, self.moment(drawn)
        chat = Chat.objects.create(seller=self.seller, wb_chat_id=name)
        message = Message.objects.create(
            seller=self.seller, chat=chat, event_id=name, sender="client", added_at=at
        )
        analysis = Analysis.objects.create(
            seller=self.seller,
            chat=chat,
            message=message,
            intent=drawn.choice(("thanks", "other", "sizing_fit")),
            sentiment="positive",
            scenario="UC1",
            intent_confidence=0.9,
            sentiment_confidence=0.9,
            scenario_confidence=0.9,
            confident=True,
            reading={},
            version=drawn.choice(("v1", "v2")),
        )
        Analysis.objects.filter(pk=analysis.pk).update(created_at=at)
        if drawn.random() < 0.8:
            made = Suggestion.objects.create(
                seller=self.seller,
                chat=chat,
                analysis=analysis,
                event_id=name,
                text="Спасибо!",
                template_id=drawn.choice(("a", "b")),
                promo_code=drawn.choice(self.codes),
                reason="chosen",
            )
            Suggestion.objects.filter(pk=made.pk).update(created_at=at)

    def decide(self, drawn):
        waiting = list(Suggestion.objects.filter(decision=None).order_by("pk"))
        if not waiting:
            return
        suggestion = drawn.choice(waiting)
        kind = drawn.choice(("accept", "edit", "skip", "auto"))
        Decision.objects.create(
            seller=self.seller,
            chat=suggestion.chat,
            suggestion=suggestion,
            key=uuid.uuid4(),
            kind=kind,
            edit_distance=drawn.random() if kind == "edit" else None,
            skip_reason=drawn.choice(("", "wrong_tone")) if kind == "skip" else "",
            operator=drawn.choice(self.people),
            decided_at=self.moment(drawn),
            seconds=drawn.choice((None, 3, 119, 603, 7_201, 90_000)),
        )

    def reply(self, drawn):
        chat = Chat.objects.order_by("pk").first()
        if chat is None:
            return
        at = self.moment(drawn)
        Outgoing.objects.create(
            seller=self.seller,
            chat=chat,
            key=uuid.uuid4(),
            promo_code=drawn.choice(self.codes),
            operator=drawn.choice(self.people),
            status=drawn.choice(("queued", "sent", "cancelled")),
            due_at=at,
            waited_since=drawn.choice((None, at - timedelta(seconds=70.5))),
            sent_at=at,
        )

    def change(self, drawn):
        """Something known becomes otherwise."""
        rows = {
            Outgoing: {"status": drawn.choice(("sent", "failed"))},
            Decision: {"operator": drawn.choice(self.people)},
            Suggestion: {"promo_code": drawn.choice(self.codes)},
            Analysis: {"intent": "other", "version": "v3"},
        }
        model = drawn.choice(list(rows))
        known = list(model.objects.order_by("pk").values_list("pk", flat=True))
        if known:
            model.objects.filter(pk=drawn.choice(known)).update(**rows[model])
        if drawn.random() < 0.3:
            gone = Decision.objects.order_by("pk").first()
            if gone:
                gone.delete()
        if drawn.random() < 0.1:
            Outgoing.objects.all().delete()

    def moment(self, drawn):
        """An instant near a Moscow midnight, of one of a few days."""
        midnight = NOON.replace(hour=21) - timedelta(days=drawn.randrange(4))
        return midnight + timedelta(seconds=drawn.randrange(-90, 90))


@pytest.mark.parametrize("seed", range(6))
def test_random_acts_leave_what_a_recount_gives(seller, shop, seed):
    drawn = Random(seed)
    for number in range(60):
        shop.act(drawn)
        if number % 20 == 10:
            tallies.tidy(seller.pk, DAY)
    by_acts = kept()
    read = figures.figures(seller, WEEK)

    tallies.rebuild(seller)

    assert by_acts == kept()
    assert read == figures.figures(seller, WEEK)
    assert read.turns == Analysis.objects.count()
    assert read.sent == Outgoing.objects.filter(status="sent").count()


def test_summing_up_changes_no_figure_and_leaves_a_row_a_place(seller, shop):
    drawn = Random(9)
    for _ in range(15):
        shop.ask(drawn)
        shop.decide(drawn)
    before, read = kept(), figures.figures(seller, WEEK)
    days = list(FigureDay.objects.values_list("day", flat=True).distinct())

    for day in days:
        tallies.tidy(seller.pk, day)

    assert kept() == before
    assert figures.figures(seller, WEEK) == read
    assert FigureDay.objects.count() == len(before)
    assert not FigureDay.objects.filter(is_fresh=True).exists()


def test_only_days_with_many_fresh_rows_are_summed_up(seller, shop, monkeypatch):
    shop.ask(Random(1))
    assert tallies.untidy() == []
    monkeypatch.setattr(tallies, "TIDY_FROM", 1)
    assert {shop for shop, _day in tallies.untidy()} == {seller.pk}


def test_the_command_makes_lost_figures_anew(seller, shop, capsys):
    drawn = Random(2)
    for _ in range(5):
        shop.ask(drawn)
        shop.decide(drawn)
    before = kept()
    FigureDay.objects.all().delete()

    call_command("rebuild_figures", seller=seller.pk)

    assert kept() == before
    assert capsys.readouterr().out.startswith("Лавка: ")


@pytest.mark.django_db(transaction=True)
def test_shops_at_work_lose_nothing_to_a_recount_or_summing_up(seller, shop):
    """Four write at once while a fifth sums up and makes all anew."""
    together, errors = Barrier(5), []

    def at_work(work):
        try:
            with scope(seller=seller):
                together.wait(30)
                work()
        except Exception as error:  # noqa: BLE001 - told by the test
            errors.append(error)
        finally:
            connection.close()

    def write(seed):
        drawn = Random(seed)
        for _ in range(8):
            shop.ask(drawn)

    def sum_up():
        for _ in range(5):
            tallies.tidy(seller.pk, DAY)
            tallies.rebuild(seller)

    works = [lambda seed=seed: write(seed) for seed in range(4)]
    threads = [Thread(target=at_work, args=(work,)) for work in (*works, sum_up)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    by_acts = kept()
    tallies.rebuild(seller)

    assert errors == []
    assert Analysis.objects.count() == 32
    assert by_acts == kept()
