"""A walk through the desk in a real browser, in a Russian keyboard layout."""

import os
import re
import shutil
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scope

from agentiq.testing import make_member
from chats import live, suggestions
from chats.models import Chat, Decision, Draft, Message, Outgoing
from promos.models import Product

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install chromium"),
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CYRILLIC = {"KeyA": "ф", "KeyJ": "о", "KeyS": "ы", "KeyE": "у", "KeyZ": "я"}


@pytest.fixture(scope="module")
def browser():
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def let_requests_end(seconds=20):
    """Wait until the served pages hold no transaction the flush could meet."""
    quiet, until = 0, time.monotonic() + seconds
    while quiet < 3 and time.monotonic() < until:
        time.sleep(0.05)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' "
                "AND datname = current_database() AND pid <> pg_backend_pid()"
            )
            quiet = 0 if cursor.fetchone()[0] else quiet + 1
    assert quiet, "a request is still running"


@pytest.fixture
def sign_in(browser, live_server):
    """Open the desk as a person, in a browser of their own."""
    contexts = []

    def enter(person, width=1440, height=900, **options):
        size = {"width": width, "height": height}
        context = browser.new_context(viewport=size, locale="ru-RU", **options)
        contexts.append(context)
        context.on("close", lambda closed: contexts.remove(closed))
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(f"{live_server.url}/login/")
        page.fill("#id_username", person.username)
        page.fill("#id_password", "not-a-secret")
        page.click("main button.primary")
        page.wait_for_selector("#rows")
        return page

    yield enter
    for context in contexts:
        context.set_offline(True)
    let_requests_end()
    for context in contexts.copy():
        context.close()


@pytest.fixture
def waiting(seller, make_code):
    """Twenty happy buyers, each with a suggestion that carries a code."""
    now = timezone.now()
    make_code(
        "SALE10", starts_at=now - timedelta(days=1), expires_at=now + timedelta(days=9)
    )
    chats = [make_chat(seller, number, now) for number in range(20)]
    for chat in chats:
        suggestions.suggest(chat, now=now)
    return chats


def make_chat(seller, number, now, text="Спасибо, всё отлично, очень довольна!"):
    chat = Chat.objects.create(
        seller=seller,
        wb_chat_id=f"1:{number}",
        buyer_name=f"Анна {number}",
        reply_sign="sign",
        last_event_id=f"e{number}",
        preview=text,
        waiting_since=now,
        due_at=now + timedelta(hours=number + 1),
        last_at=now,
    )
    say(chat, f"e{number}", text)
    return chat


def say(chat, event_id, text):
    now = timezone.now()
    Message.objects.create(
        seller=chat.seller,
        chat=chat,
        event_id=event_id,
        sender="client",
        text=text,
        added_at=now,
    )
    Chat.objects.filter(pk=chat.pk).update(
        last_event_id=event_id, preview=text, changed_at=now
    )
    live.bump(chat.seller_id)


def press(page, code):
    """Press a physical key as a Russian layout delivers it."""
    page.evaluate(
        """([code, key]) => (document.activeElement ?? document.body).dispatchEvent(
            new KeyboardEvent("keydown", {code, key, bubbles: true}))""",
        [code, CYRILLIC.get(code, code)],
    )


def shown(page):
    return page.get_attribute("#chat", "data-chat")


def until(page, selector, **options):
    page.wait_for_selector(selector, **options)


def test_twenty_chats_are_answered_by_keys_alone(sign_in, operator, waiting):
    page = sign_in(operator)
    press(page, "KeyJ")
    page.keyboard.press("Enter")
    until(page, f'#chat[data-chat="{waiting[0].pk}"]')

    for number, _ in enumerate(waiting):
        press(page, "KeyA")
        following = waiting[number + 1 : number + 2]
        shows = f'[data-chat="{following[0].pk}"]' if following else ".empty"
        until(page, f"#chat{shows}")

    assert Decision.objects.filter(kind="accept", operator=operator).count() == 20
    assert Outgoing.objects.count() == 20
    assert page.faults == []


def test_a_key_takes_the_reply_back(sign_in, operator, waiting):
    operator.memberships.update(undo_seconds=15)
    page = sign_in(operator)
    page.click("#rows .open >> nth=0")
    until(page, "#accept")
    press(page, "KeyA")
    until(page, "#undo:not([hidden]) [data-undo]")

    press(page, "KeyZ")

    until(page, f'#chat[data-chat="{waiting[0].pk}"]')
    assert page.input_value("#text") == waiting[0].suggestions.get().text
    assert Outgoing.objects.get().status == "cancelled"
    code = str(waiting[0].suggestions.get().promo_code_id)
    page.wait_for_function(
        "code => document.querySelector('#composer-code').value === code", arg=code
    )


def test_skipping_takes_two_keys_and_typing_none_of_them(sign_in, operator, waiting):
    page = sign_in(operator)
    page.click("#rows .open >> nth=0")
    until(page, "#accept")
    page.focus("#text")
    page.keyboard.type("asz")
    page.keyboard.press("Escape")
    press(page, "KeyS")
    press(page, "Digit3")

    until(page, f'#chat[data-chat="{waiting[1].pk}"]')

    decision = Decision.objects.get()
    assert (decision.kind, decision.skip_reason) == ("skip", "poor_wording")
    page.wait_for_timeout(500)
    assert Draft.objects.get().text == "asz"


def test_who_is_signed_out_keeps_what_was_typed(sign_in, operator, waiting):
    page = sign_in(operator)
    page.click("#rows .open >> nth=0")
    until(page, "#accept")
    page.focus("#text")
    page.keyboard.type("Посылка уже в пути, спасибо за терпение!")
    page.context.clear_cookies(name="sessionid")
    page.keyboard.press("Control+Enter")

    until(page, "#state.lost:text('Вы вышли')")

    assert page.input_value("#text") == "Посылка уже в пути, спасибо за терпение!"
    assert page.locator("#id_password").count() == 0
    assert not Outgoing.objects.exists()


def test_editing_warns_while_typing(sign_in, operator, waiting):
    page = sign_in(operator)
    page.click("#rows .open >> nth=0")
    until(page, "#accept")
    press(page, "KeyE")
    page.keyboard.type(" Наш телеграм @lavka")

    until(page, "#check .notice.bad")

    assert "@lavka" in page.inner_text("#check")
    assert "SALE10" in page.input_value("#text")
    page.keyboard.press("Control+Enter")
    until(page, "#refused li")
    assert page.is_hidden("#check")
    page.keyboard.press("Backspace")
    until(page, "#check .notice.bad")
    assert page.is_hidden("#refused")


def test_two_people_see_each_other_in_one_chat(sign_in, seller, operator, waiting):
    other = make_member(seller, "manager", "olga")
    first, second = sign_in(operator), sign_in(other)
    first.click("#rows .open >> nth=0")
    until(first, "#people")
    second.click("#rows .open >> nth=0")

    until(first, "#people .person:has-text('olga')")
    until(first, "#rows .person:has-text('olga')")
    second.click("#people button:has-text('Взять')")
    until(first, "#people summary:has-text('olga')")
    second.context.close()

    until(first, "#people:not(:has(.person))", timeout=30_000, state="attached")


def test_what_was_missed_offline_comes_without_a_reload(sign_in, operator, waiting):
    page = sign_in(operator)
    page.click("#rows .open >> nth=0")
    until(page, "#accept")
    page.fill("#text", "Не потеряйте")
    page.evaluate("window.marked = true")
    page.context.set_offline(True)
    until(page, "#state.lost", timeout=10_000)
    with scope(seller=waiting[0].seller):
        say(waiting[0], "missed", "Пока вас не было")
    page.context.set_offline(False)

    until(page, "#scroll :text('Пока вас не было')")

    until(page, "#state:not(.lost)")
    assert page.evaluate("window.marked")
    assert page.input_value("#text") == "Не потеряйте"


def test_a_new_message_is_on_an_open_desk_within_four_seconds(
    sign_in, operator, waiting
):
    page = sign_in(operator)
    page.click("#rows .open >> nth=0")
    until(page, "#accept")

    say(waiting[0], "fresh", "А доставка когда?")

    until(page, "#scroll :text('А доставка когда?')", timeout=4_000)


def test_a_long_list_stays_long_and_fresh(sign_in, seller, operator, waiting):
    now = timezone.now()
    for number in range(20, 60):
        make_chat(seller, number, now)
    page = sign_in(operator)
    page.evaluate("document.querySelector('#rows').scrollTo(0, 1e6)")
    until(page, "#rows .item >> nth=59", state="attached")
    top = page.evaluate("document.querySelector('#rows').scrollTop")

    say(waiting[0], "fresh", "А доставка когда?")

    until(page, "#rows .preview:text('А доставка когда?')", state="attached")
    assert page.locator("#rows .item").count() == 60
    assert page.evaluate("document.querySelector('#rows').scrollTop") == top
    assert page.faults == []


def test_the_state_line_tells_how_old_wb_s_feed_is(sign_in, seller, operator, waiting):
    page = sign_in(operator)
    until(page, "#state:has-text('Данные на')")

    live.read_out({seller.pk: timezone.now() - timedelta(minutes=9)})
    until(page, "#state.behind:has-text('WB отвечает с опозданием')")
    live.read_out({seller.pk: timezone.now()})

    until(page, "#state:not(.behind):has-text('Данные на')")


def test_no_page_of_the_desk_breaks_its_own_policy(sign_in, seller, operator, waiting):
    with scope(seller=seller):
        Chat.objects.update(nm_id=7)
    Product.objects.create(
        seller=seller, nm_id=7, title="Чайник", photo_url="data:image/png;base64,AAAA"
    )
    page = sign_in(operator)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.click("#list .filters summary")
    until(page, "#narrow")
    page.click("#rows .open >> nth=0")
    until(page, "#side .photo:not(:has(img)):text('Ч')")  # no picture came of it
    press(page, "KeyA")
    until(page, f'#chat[data-chat="{waiting[1].pk}"]')
    say(waiting[1], "fresh", "А доставка когда?")
    until(page, "#scroll :text('А доставка когда?')")

    assert [line for line in said if "Content Security Policy" in line] == []


def test_a_new_message_is_counted_in_the_title_and_told_by_choice(
    sign_in, seller, operator, waiting
):
    from playwright.sync_api import expect

    page = sign_in(operator, permissions=["notifications"])
    page.evaluate(
        """() => {
            const told = [];
            window.Notification = class {
                static permission = "granted";
                constructor(title, options) {
                    told.push(options.body);
                    document.body.dataset.told = told.join(";");
                }
            };
            Object.defineProperty(document, "hidden", {get: () => true});
            window.AudioContext = class {
                static tones = 0;
                createGain() { return {gain: {}, connect: (next) => next}; }
                createOscillator() {
                    const start = () => (document.body.dataset.tones = ++AudioContext.tones);
                    return {connect: (next) => next, start, stop() {}};
                }
                resume() {}
            };
        }"""
    )
    assert page.title().startswith("(20) ")
    with scope(seller=seller):
        make_chat(seller, 20, timezone.now())
    expect(page).to_have_title(re.compile(r"^\(21\) "), timeout=20_000)
    assert page.locator("body[data-told], body[data-tones]").count() == 0  # unasked

    page.evaluate("document.querySelector('#notify').checked = true")
    page.evaluate("document.querySelector('#sound').click()")
    until(page, "body[data-tones='1']")  # heard when it is chosen
    say(waiting[0], "again", "Вы здесь?")

    until(page, "body[data-told='Новое сообщение покупателя'][data-tones='2']")
    assert page.faults == []


def test_a_file_wb_would_refuse_is_not_uploaded(sign_in, operator, waiting):
    page = sign_in(operator)
    page.click("#rows .open >> nth=0")
    until(page, "#composer")
    big = {"name": "большой.png", "mimeType": "image/png", "buffer": b"0" * 5242881}

    page.set_input_files("#files", big)

    until(page, "#files-chosen.over:has-text('до 5 МБ')")
    assert page.evaluate("document.querySelector('#files').files.length") == 0
    page.set_input_files("#files", big | {"name": "чек.png", "buffer": b"0"})
    until(page, "#files-chosen:not(.over):has-text('чек.png')")


def test_a_phone_shows_one_pane_and_never_scrolls_sideways(sign_in, operator, waiting):
    page = sign_in(operator, width=360, height=740, has_touch=True)
    wide = "document.documentElement.scrollWidth"

    widths = [page.evaluate(wide)]
    page.click("#rows .open >> nth=0")
    until(page, "#composer")
    widths.append(page.evaluate(wide))
    send = page.locator("#send").bounding_box()
    page.click(".to-card")
    until(page, "#accept")
    widths.append(page.evaluate(wide))
    small = page.evaluate(
        """[...document.querySelectorAll("button, a.button, select, summary")]
        .filter((node) => node.offsetParent)
        .filter((node) => node.getBoundingClientRect().height < 43.5)
        .map((node) => node.outerHTML.slice(0, 80))"""
    )
    page.click("#accept")
    page.wait_for_timeout(500)

    assert widths == [360, 360, 360]
    assert send["x"] + send["width"] <= 360
    assert small == []
    assert Outgoing.objects.count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_barrier(
    sign_in, browser, live_server, operator, waiting, scheme
):
    from axe_playwright_python.sync_playwright import Axe

    page = sign_in(operator, color_scheme=scheme, bypass_csp=True)
    found = [Axe().run(page)]
    page.click("#rows .open >> nth=0")
    until(page, "#accept")
    page.wait_for_timeout(500)
    found.append(Axe().run(page))
    page.set_viewport_size({"width": 360, "height": 740})
    found.append(Axe().run(page))
    page.goto(f"{live_server.url}/nowhere/")
    found.append(Axe().run(page))

    serious = [
        (violation["id"], node["html"][:120])
        for result in found
        for violation in result.response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert serious == []
