import pytest
from django_scopes import scope
from django_scopes.exceptions import ScopeError

from agentiq.testing import make_seller
from chats.models import Chat
from promos.models import PromoCode


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Chat, PromoCode])
def test_a_query_without_a_seller_raises(model):
    with pytest.raises(ScopeError):
        model.objects.count()


def test_a_scope_shows_only_its_seller(seller, make_code):
    make_code()

    with scope(seller=make_seller("Чужая")):
        assert PromoCode.objects.count() == 0
    assert PromoCode.objects.count() == 1
