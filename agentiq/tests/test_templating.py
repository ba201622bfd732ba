import pytest
from django.template import Context, Engine
from django.template.base import Template
from django.urls import set_script_prefix
from django.utils.safestring import mark_safe
from django.utils.translation import override

from agentiq.templating import Stencil, fold, numbered

ENGINE = Engine(builtins=["django.templatetags.i18n"])


def drawn(source, **values):
    """What the template shows, as written and folded; and its nodes when folded."""
    plain, folded = Template(source, engine=ENGINE), Template(source, engine=ENGINE)
    fold(folded.nodelist)
    shown = folded.render(Context(values))
    assert shown == plain.render(Context(values))
    return shown, [type(node).__name__ for node in folded.nodelist]


@pytest.mark.parametrize(
    ("source", "shown", "nodes"),
    [
        ('<b>{% translate "Log out" %}</b>', "<b>Выйти</b>", ["TextNode"]),
        ('{% url "login" %}?a', "/login/?a", ["TextNode"]),
        ('{% url "chats:chat" pk %}', "/chats/7/", ["NumberedUrl"]),
        ('{% url "chats:chat" pk as place %}{{ place }}!', "/chats/7/!", None),
        ('{% translate words %}{% translate "Log out" as out %}', "&lt;i&gt;", None),
        (
            '{% language "en" %}{% translate "Log out" %}{% endlanguage %}',
            "Log out",
            None,
        ),
        ('{% if pk %}{% translate "Log out" %}{% else %}-{% endif %}', "Выйти", None),
        ('{% for n in "ab" %}{% translate "Log out" %}{% endfor %}', "Выйти" * 2, None),
    ],
)
def test_a_folded_template_shows_the_same(source, shown, nodes):
    found, types = drawn(source, pk=7, words="<i>")

    assert found == shown
    assert nodes is None or types == nodes


def test_text_that_is_no_number_goes_the_long_way():
    template = Template('{% url "chats:chat" pk %}', engine=ENGINE)
    fold(template.nodelist)

    assert template.render(Context({"pk": "7"})) == "/chats/7/"


@pytest.fixture
def engine(tmp_path):
    (tmp_path / "page.html").write_text(
        '{% load i18n %}{% translate "Log out" %} {% url "login" %}'
    )
    loaders = [
        ("agentiq.templating.Loader", ["django.template.loaders.filesystem.Loader"])
    ]
    libraries = {"i18n": "django.templatetags.i18n"}
    return Engine(dirs=[tmp_path], loaders=loaders, libraries=libraries)


def test_each_language_has_a_template_of_its_own(engine):
    assert engine.render_to_string("page.html") == "Выйти /login/"
    with override("en"):
        assert engine.render_to_string("page.html") == "Log out /login/"
    assert engine.get_template("page.html") is engine.get_template("page.html")


def test_a_server_below_a_folder_leads_there(engine):
    engine.get_template("page.html")
    set_script_prefix("/shop/")
    try:
        assert engine.render_to_string("page.html") == "Выйти /shop/login/"
    finally:
        set_script_prefix("/")


def test_templates_of_packages_stay_as_they_are():
    written = {"page.html": '{% translate "Log out" %}'}
    locmem = ("django.template.loaders.locmem.Loader", written)
    engine = Engine(
        loaders=[("agentiq.templating.Loader", [locmem])],
        builtins=["django.templatetags.i18n"],
    )

    nodes = engine.get_template("page.html").nodelist

    assert [type(node).__name__ for node in nodes] == ["TranslateNode"]


def test_a_stencil_is_filled_in_line_by_line_and_escapes():
    stencil = Stencil("chats/_facet.html", "kind", "word", "label", "count", "current")
    line = {"kind": "mood", "word": "x", "count": 2, "current": mark_safe(" a='b'")}

    shown = stencil.draw([line | {"label": "<i>"}, line | {"label": "да"}])

    assert shown.count('id="mood-x"') == 2
    assert "&lt;i&gt;" in shown
    assert ">да <" in shown
    assert " a='b'>" in shown


def test_a_stencil_has_a_drawing_for_each_language_and_reader():
    names = ("pk", "place", "kept", "name", "waiting", "when", "preview", "marks")
    stencil = Stencil("chats/_item.html", *names)
    lines = [dict.fromkeys(names, "1")]

    assert "Выбрать" in stencil.draw(lines, can_write=True)
    assert "Выбрать" not in stencil.draw(lines, can_write=False)
    with override("en"):
        assert "Choose" in stencil.draw(lines, can_write=True)


def test_a_page_by_number_has_its_address():
    assert numbered("chats:chat")(7) == "/chats/7/"
