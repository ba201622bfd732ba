import pytest
from django.contrib.auth import get_user_model

from promos.members import MemberBackend
from promos.models import Membership, Seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna():
    user = get_user_model().objects.create_user("anna")
    for name, active in (("first", True), ("second", True), ("left", False)):
        shop = Seller.objects.create(name=name)
        Membership.objects.create(
            seller=shop, user=user, role=Membership.Role.OPERATOR, is_active=active
        )
    return user


def test_a_person_comes_with_their_shops_in_one_query(anna, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = MemberBackend().get_user(anna.pk)
        names = [works.seller.name for works in found.works]

    assert found == anna
    assert names == ["first", "second"]


def test_a_person_without_a_shop_comes_alone(anna):
    Membership.objects.all().delete()

    found = MemberBackend().get_user(anna.pk)

    assert found == anna
    assert not hasattr(found, "works")


@pytest.mark.parametrize("shops", [True, False])
def test_who_may_not_sign_in_does_not_come(anna, shops):
    get_user_model().objects.update(is_active=False)
    if not shops:
        Membership.objects.all().delete()

    assert MemberBackend().get_user(anna.pk) is None
