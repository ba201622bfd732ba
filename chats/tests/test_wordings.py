import pytest

from agentiq.testing import NOON, make_seller
from chats import replies, suggestions, wordings
from chats.models import ReplyTemplate
from promos.models import Seller

PLAIN = "Здравствуйте[, {имя}]! Спасибо, что написали нам."
CODED = (
    "Здравствуйте[, {имя}]! Промокод {код} даёт скидку {процент} {условия} "
    "до {дата} включительно."
)


@pytest.fixture
def template(seller):
    def make(text=PLAIN, **fields):
        values = {"intent": "thanks", "sentiment": "positive"} | fields
        return ReplyTemplate.objects.create(**{"seller": seller, "text": text} | values)

    return make


def asked(seller, with_code=False):
    return wordings.variants(seller, "thanks", "positive", with_code=with_code)


def test_a_shop_without_its_own_texts_speaks_the_standard_ones(seller):
    assert asked(seller) is None


def test_a_shop_speaks_its_own_text_in_its_section_only(seller, template):
    row = template()

    reply = replies.compose("thanks", "positive", variants=asked(seller))

    assert reply.text == "Здравствуйте! Спасибо, что написали нам."
    assert reply.variant == f"own/thanks/positive#{row.pk}"
    assert asked(seller, with_code=True) is None


def test_a_text_out_of_use_is_not_spoken(seller, template):
    template(is_active=False)

    assert asked(seller) is None


def test_the_texts_of_another_shop_are_not_spoken(template, db):
    template()

    assert asked(make_seller("Чужая")) is None


def test_warm_texts_alone_leave_a_neutral_shop_the_standard_ones(seller, template):
    template(tone="warm")
    neutral = asked(seller)
    seller.tone = Seller.Tone.WARM

    assert neutral is None
    assert [variant.tone for variant in asked(seller)] == ["warm"]


def test_a_good_text_has_no_problems_and_shows_each_way_it_may_look():
    shown = wordings.preview(CODED, with_code=True)

    assert shown.problems == ()
    assert len(shown.texts) == 6  # two codes, each with no name and two names
    assert any("Здравствуйте, Анна! Промокод SALE10" in text for text in shown.texts)


@pytest.mark.parametrize(
    ("source", "with_code", "said"),
    [
        pytest.param("Спасибо, {скидка}!", False, "скидка", id="unknown variable"),
        pytest.param(PLAIN + " Код {код}.", False, "код", id="code where none goes"),
        pytest.param(PLAIN, True, "{код}", id="no code where one must be"),
        pytest.param(
            "Здравствуйте, {имя}! Спасибо.", False, "имя", id="name unguarded"
        ),
        pytest.param("Спасибо, [что пишете нам!", False, "[", id="open bracket"),
        pytest.param(PLAIN + " Код SALE30 ваш.", False, "SALE30", id="written code"),
        pytest.param(
            PLAIN + " Пишите на shop@mail.ru.", False, "shop@mail.ru", id="contact"
        ),
        pytest.param(
            CODED + " Скидка 50 % только вам.", True, "50", id="another percent"
        ),
        pytest.param("Да", False, "", id="one word"),
    ],
)
def test_a_bad_text_is_told_what_to_change(source, with_code, said):
    shown = wordings.preview(source, with_code=with_code)

    assert shown.problems
    assert any(said in problem for problem in shown.problems)


def test_every_standard_text_may_be_kept_as_a_shops_own():
    for template_id, section in replies.library().items():
        if not template_id.startswith(replies.ESCALATION):
            for variant in section:
                coded = template_id.endswith("/with_code")
                assert wordings.preview(variant.source, with_code=coded).problems == ()


def test_the_standard_texts_are_copied_once_with_their_history(seller, template):
    template()  # thanks/positive is the shop's own already

    added = wordings.copy_standard(seller)
    again = wordings.copy_standard(seller)

    standard = {
        key: section
        for key, section in replies.library().items()
        if not key.startswith(replies.ESCALATION) and key != "thanks/positive"
    }
    assert added == sum(map(len, standard.values()))
    assert again == 0
    assert ReplyTemplate.history.count() == added + 1
    assert ReplyTemplate.objects.filter(
        intent="thanks", sentiment="positive"
    ).count() == 2 + (len(standard["thanks/positive/with_code"]) - 1)


def test_a_single_section_can_be_copied(seller):
    added = wordings.copy_standard(seller, "thanks/neutral")

    assert added == len(replies.library()["thanks/neutral"])
    assert {row.section for row in ReplyTemplate.objects.all()} == {"thanks/neutral"}


def test_variables_that_need_a_code_are_closed_to_texts_without_one():
    closed = {v.name for v in wordings.variables(with_code=False) if not v.allowed}

    assert closed == {"код", "процент", "дата", "условия"}


def test_a_suggestion_speaks_the_shops_own_text(make_chat, make_code, template):
    make_code()
    praise = {"intent": "positive_feedback", "sentiment": "positive"}
    row = template("Большое спасибо[, {имя}], нам очень приятно!", **praise)

    made = suggestions.suggest(make_chat("Платье чудесное, я в восторге!"), now=NOON)

    assert made.plain_text == "Большое спасибо, Анна, нам очень приятно!"
    assert made.plain_variant == f"own/{row.section}#{row.pk}"
    assert "SALE10" in made.text  # with a code the shop still speaks the standard


def test_an_own_text_that_may_not_leave_gives_way_to_the_standard(make_chat, template):
    template("Пишите нам в телеграм @shop, поможем!", intent="positive_feedback")

    made = suggestions.suggest(make_chat("Платье чудесное, я в восторге!"), now=NOON)

    assert "телеграм" not in made.plain_text
    assert made.template_id == "positive_feedback/positive"
