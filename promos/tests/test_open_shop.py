import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from agentiq.wb.simulator import Simulator
from agentiq.wb.tokens import TokenKind
from promos.models import Membership, Seller, WbToken

pytestmark = pytest.mark.django_db


@pytest.fixture
def token_file(tmp_path):
    def token_file(**facts):
        simulator = Simulator()
        token = simulator.make_token(sid=simulator.add_seller(sid="shop"), **facts)
        path = tmp_path / "token"
        path.write_text(token + "\n")
        return str(path)

    return token_file


def test_a_shop_opens_with_its_owner_and_token(token_file, capsys):
    call_command("open_shop", "Лавка", login="anna", token_file=token_file())

    seller = Seller.objects.get()
    assert Membership.objects.get(seller=seller).role == "owner"
    assert WbToken.objects.usable(seller).count() == 1
    password = capsys.readouterr().out.split("Пароль: ")[1].strip()
    assert get_user_model().objects.get(username="anna").check_password(password)


def test_running_it_again_changes_the_token_and_opens_no_second_shop(token_file):
    for _ in range(2):
        call_command("open_shop", "Лавка", login="anna", token_file=token_file())

    assert WbToken.objects.usable(Seller.objects.get()).count() == 1


def test_a_base_token_opens_nothing(token_file):
    with pytest.raises(CommandError, match="Ничего не изменено"):
        call_command(
            "open_shop",
            "Лавка",
            login="anna",
            token_file=token_file(kind=TokenKind.BASE),
        )

    assert not Seller.objects.exists()
