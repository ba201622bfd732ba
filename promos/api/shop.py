"""The shop's catalogue."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agentiq import paging
from promos.endpoint import READ, Endpoint
from promos.models import (
    Product,
)
from promos.serializers import (
    ProductOut,
    ProductQuery,
    listing,
)

TAG = "shop"


class Products(Endpoint):
    """The catalogue."""

    needs = {"GET": READ}

    @extend_schema(
        tags=[TAG],
        operation_id="listProducts",
        summary=_("Articles with prices and costs"),
        parameters=[ProductQuery],
        responses={200: listing(ProductOut)},
    )
    def get(self, request: Request) -> Response:
        given = self.query(ProductQuery)
        found = Product.objects.all()
        if not given["gone"]:
            found = found.in_catalogue()
        if "nm_id" in given:
            found = found.filter(nm_id=given["nm_id"])
        return self.listed(
            found,
            paging.Order(),
            given,
            lambda rows: ProductOut(rows, many=True).data,
        )
