"""The API's pages in a real browser, under our own Content-Security-Policy."""

import pytest

from chats.tests.test_desk_browser import CHROMIUM, browser, let_requests_end

__all__ = ["browser"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install chromium"),
]


def test_the_docs_draw_every_route_and_ask_nobody_else(browser, live_server):
    said, asked = [], []
    page = browser.new_page()
    page.on("console", lambda line: said.append(line.text))
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{live_server.url}/api/docs")
    page.wait_for_selector(".opblock", timeout=20_000)

    assert page.locator(".opblock").count() >= 20
    assert not [line for line in said if "Content Security Policy" in line]
    page.click("text=English")
    page.wait_for_selector("text=Active codes of the shop", timeout=20_000)
    ours = ("data:", "blob:", live_server.url)
    assert not [url for url in asked if not url.startswith(ours)]
    page.close()
    let_requests_end()
