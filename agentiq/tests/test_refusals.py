"""What WB says when it says no, in every shape it has."""

import pytest

from agentiq.wb import errors, limits
from agentiq.wb.errors import ForbiddenCause

UNAUTHORIZED = {
    "title": "unauthorized",
    "detail": "token problem; token is malformed: could not base64 decode signature",
    "code": "07e4668e--a53a3d31f8b0",
    "requestId": "7b80742415072fe8b6b7f7761f1d1211",
    "origin": "s2s-api-auth-catalog",
    "status": 401,
    "statusText": "Unauthorized",
    "timestamp": "2024-09-30T06:52:38Z",
}


@pytest.mark.parametrize(
    ("status", "body", "message", "kind"),
    [
        pytest.param(
            400,
            {
                "status": 400,
                "title": "Bad Request",
                "detail": "Invalid signature",
                "requestId": "1b21",
                "error": "Invalid signature",
            },
            "Invalid signature",
            errors.WbRejected,
            id="chat",
        ),
        pytest.param(
            422,
            {"errorText": "Promotion is automatic"},
            "Promotion is automatic",
            errors.WbRejected,
            id="calendar",
        ),
        pytest.param(
            400,
            {"data": None, "error": True, "errorText": "Invalid limit"},
            "Invalid limit",
            errors.WbRejected,
            id="prices, where error is a boolean",
        ),
        pytest.param(
            400,
            {"errors": ["dateFrom: required", "flag: int"]},
            "dateFrom: required; flag: int",
            errors.WbRejected,
            id="statistics as array",
        ),
        pytest.param(
            400,
            {"errors": "(api-new) bad date"},
            "(api-new) bad date",
            errors.WbRejected,
            id="statistics as string",
        ),
        pytest.param(
            402,
            {"title": "payment required", "detail": "insufficient funds"},
            "insufficient funds",
            errors.WbPaymentRequired,
            id="payment",
        ),
        pytest.param(
            404,
            {"detail": "This method is temporarily disabled"},
            "This method is temporarily disabled",
            errors.WbDisabled,
            id="disabled",
        ),
        pytest.param(404, {"title": "gone"}, "gone", errors.WbRejected, id="title"),
        pytest.param(413, b"too large", "too large", errors.WbRejected, id="text"),
        pytest.param(400, b"", "HTTP 400", errors.WbRejected, id="nothing at all"),
        pytest.param(503, b"<html>", "<html>", errors.WbUnavailable, id="a wave"),
        pytest.param(302, b"", "HTTP 302", errors.WbUnavailable, id="a redirect"),
    ],
)
def test_every_shape_of_error_body_gives_its_message(
    stub_wb, stub, status, body, message, kind
):
    stub.script = [(status, {"Location": "http://127.0.0.1:1/"}, body)]

    with pytest.raises(errors.WbError) as caught:
        stub_wb.events()

    assert type(caught.value) is kind
    assert caught.value.message == message
    assert caught.value.status == status
    assert caught.value.method == limits.EVENTS
    assert len(stub.seen) == 1


def test_the_request_id_and_code_are_kept(stub_wb, stub):
    stub.script = [(401, {}, UNAUTHORIZED)]

    with pytest.raises(errors.WbForbidden) as caught:
        stub_wb.chats()

    assert caught.value.request_id == "7b80742415072fe8b6b7f7761f1d1211"
    assert caught.value.code == "07e4668e--a53a3d31f8b0"
    assert "7b80742415072fe8b6b7f7761f1d1211" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "detail", "cause"),
    [
        (401, UNAUTHORIZED["detail"], ForbiddenCause.TOKEN_INVALID),
        (401, "no words at all", ForbiddenCause.TOKEN_INVALID),
        (401, "token expired", ForbiddenCause.TOKEN_EXPIRED),
        (401, "token scope not allowed", ForbiddenCause.CATEGORY),
        (403, "scope is not allowed for this resource", ForbiddenCause.CATEGORY),
        (401, "read-only token scope not allowed", ForbiddenCause.READ_ONLY),
        (401, "token withdrawn", ForbiddenCause.WITHDRAWN),
        (403, "base token is not allowed", ForbiddenCause.TOKEN_TYPE),
        (
            403,
            "token does not satisfy additional requirements",
            ForbiddenCause.TOKEN_TYPE,
        ),
        (403, "blocked by order", ForbiddenCause.OTHER),
    ],
)
def test_a_refused_token_is_refused_for_a_cause(stub_wb, stub, status, detail, cause):
    stub.script = [(status, {}, {"title": "unauthorized", "detail": detail})]

    with pytest.raises(errors.WbForbidden) as caught:
        stub_wb.chats()

    assert caught.value.cause is cause


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-Ratelimit-Retry": "3598"}, 3598),
        ({"x-RATELIMIT-retry": "2"}, 2),
        ({"X-Ratelimit-Retry": "0"}, 1),
        ({"X-Ratelimit-Retry": "999999"}, 86400),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 1),
        ({"X-Ratelimit-Retry": "soon", "Retry-After": "never"}, 1),
        ({}, 1),
    ],
)
def test_a_429_says_how_long_from_a_second_to_a_day(stub_wb, stub, headers, seconds):
    stub.script = [(429, headers, {"detail": "limited by c122"})]

    with pytest.raises(errors.WbThrottled) as caught:
        stub_wb.events()

    assert caught.value.retry_after == seconds
    assert not caught.value.local
