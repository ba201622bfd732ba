"""The dashboard in a real browser: on screen, narrow, and on paper."""

import pytest
from django.conf import settings

from chats.tests.test_dashboard import PAGE, sold
from chats.tests.test_desk_browser import CHROMIUM, browser, let_requests_end

__all__ = ["browser", "sold"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install chromium"),
]
# What a chart is after ``beforeprint``, before anything else runs: the page
# is printed as it stands then, and what is painted later is not on it.
ON_PAPER = """() => {
  dispatchEvent(new Event("beforeprint"));
  const canvas = document.querySelector("[data-chart=use-cases]");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const shut = document.querySelectorAll("details.board-block:not([open])").length;
  return [canvas.width, data.some((byte) => byte > 0), shut];
}"""
AFTER = """() => {
  dispatchEvent(new Event("afterprint"));
  return document.querySelectorAll("details.board-block:not([open])").length;
}"""


def test_charts_are_drawn_and_on_paper_at_once(
    browser, live_server, client, owner, sold
):
    client.force_login(owner)
    name = settings.SESSION_COOKIE_NAME
    value = client.cookies[name].value
    context = browser.new_context(viewport={"width": 360, "height": 800})
    context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    page, said = context.new_page(), []
    page.on("console", lambda line: said.append(line.text))

    page.goto(live_server.url + PAGE)
    page.wait_for_selector("canvas:not([hidden])")
    shut = page.locator("details.board-block:not([open])").count()
    width = page.evaluate("document.documentElement.scrollWidth")
    on_paper = page.evaluate(ON_PAPER)
    afterwards = page.evaluate(AFTER)
    context.close()
    let_requests_end()

    assert width == 360
    assert on_paper == [2080, True, 0]
    assert afterwards == shut > 0
    assert not [line for line in said if "Content Security Policy" in line]
