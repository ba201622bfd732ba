from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from agentiq.compiled import Compiled, Slot
from agentiq.testing import make_seller
from chats.models import Chat


@pytest.fixture
def of_shop():
    """A shop's chats of a buyer, with who holds them."""
    return Compiled(
        lambda: (
            Chat.objects.filter(seller=Slot("seller"), buyer_name=Slot("name"))
            .select_related("claimed_by")
            .order_by("pk")
        )
    )


def test_the_same_query_is_asked_for_other_values(seller, make_chat, of_shop):
    anna, boris = make_chat(), make_chat(buyer_name="Борис")

    assert of_shop(seller=seller.pk, name="Анна") == [anna]
    assert of_shop(seller=seller.pk, name="Борис") == [boris]


def test_its_rows_are_whole(
    seller, operator, make_chat, of_shop, django_assert_num_queries
):
    chat = make_chat(claimed_by=operator, tags=["брак"])

    with django_assert_num_queries(1):
        (found,) = of_shop(seller=seller.pk, name="Анна")
        assert found.claimed_by == operator
        assert found.tags == ["брак"]
    assert found.created_at == chat.created_at


def test_a_shop_first_asked_for_another_gets_its_own(seller, make_chat, of_shop):
    chat = make_chat()
    other = make_seller("Другая")

    assert of_shop(seller=other.pk, name="Анна") == []
    assert of_shop(seller=seller.pk, name="Анна") == [chat]


def test_values_are_data_never_sql(seller, make_chat, of_shop):
    chat = make_chat(buyer_name="О'Нил %s")

    assert of_shop(seller=seller.pk, name="О'Нил %s") == [chat]


def test_a_query_that_names_no_seller_is_refused(db):
    unsafe = Compiled(lambda: Chat.objects.filter(pk=Slot("pk")))

    with pytest.raises(ValueError, match="seller"):
        unsafe(pk=1, seller=1)


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_over_its_own_connection(seller, make_chat, of_shop):
    make_chat()
    here = len(of_shop(seller=seller.pk, name="Анна"))

    def ask():
        try:
            return len(of_shop(seller=seller.pk, name="Анна"))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(ask).result() == here == 1
