from agentiq.testing import NOON
from chats import outside
from chats.analyzer import Context, Good, Line, Turn
from chats.policy.masking import PiiKind


def test_each_hidden_stretch_is_named():
    turn = Turn(("Пишите на anna@mail.ru, мой номер 89123456789",))

    said = outside.brief(turn, Context()).turn[0]

    assert said.text == "Пишите на [почта], мой номер [телефон]"
    assert [piece.kind for piece in said.hidden] == [PiiKind.EMAIL, PiiKind.PHONE]


def test_a_number_at_the_cut_is_hidden_whole():
    turn = Turn(("а" * (outside.LONGEST - 5) + " 89123456789",))

    said = outside.brief(turn, Context()).turn[0]

    assert "8912" not in said.text


def test_the_title_and_what_was_said_before_are_masked_too():
    line = Line("seller", "Ответили на anna@mail.ru", NOON)
    context = Context((line,), Good("Чехол, тел. 89123456789"))

    sent = str(outside.brief(Turn(("Спасибо",)), context).as_dict())

    assert "anna@" not in sent
    assert "8912" not in sent


def test_what_the_dialogue_makes_personal_is_hidden():
    asked = Line("seller", "Пришлите, пожалуйста, номер паспорта", NOON)

    brief = outside.brief(Turn(("4509 123456",)), Context((asked,)))

    assert "123456" not in str(brief.as_dict())


def test_every_kind_of_hidden_thing_has_a_name():
    assert set(outside.NAMES) == set(PiiKind)
