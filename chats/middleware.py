"""The cheapest question of the desk, answered before anything else runs."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from chats import live

GetResponse = Callable[[HttpRequest], HttpResponse]
PATH = "/live/"


class LiveMiddleware:
    """
    Answers «is there anything new?» from the cache alone, without a session.

    The ticket in the address says whose number is asked for; the number itself
    tells nothing. What is new is fetched by views that know who asks. ``X-Feed``
    says when WB's feed was last read to its end, empty when that is not known.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != PATH:
            return self.get_response(request)
        seller_id = live.seller_of(request.GET.get("ticket", ""))
        if seller_id is None:
            return HttpResponse(status=403)
        number, read = live.state(seller_id)
        headers = {"ETag": f'"{number}"', "Cache-Control": "no-cache", "X-Feed": read}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return HttpResponseNotModified(headers=headers)
        return HttpResponse(headers=headers)
