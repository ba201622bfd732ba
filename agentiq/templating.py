"""
Templates in which all that never changes is written out once, when they are loaded.

A page of the desk looks up some two hundred translations and addresses whose words
stand in the template. They depend on the language and on nothing of the request, so
a template is kept for each language with those words as plain text in it, and
``{% url "name" some.pk %}`` as text around the number. What a page shows is the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from typing import Any

from django.template import Context
from django.template.base import FilterExpression, Node, NodeList, Template, TextNode
from django.template.defaulttags import LoadNode, URLNode
from django.template.loader import get_template
from django.template.loaders import cached
from django.templatetags.i18n import LanguageNode, TranslateNode
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

NUMBER = 1_234_567_890_123
"""Stands for the number in an address, to see what is around it."""


class Loader(cached.Loader):
    """Keeps a template for each language; those of the project's folders folded."""

    def cache_key(self, template_name: str, skip: Any = None) -> str:
        """Tell languages apart, and the places below which a server answers."""
        key = super().cache_key(template_name, skip)
        return f"{get_language()} {get_script_prefix()} {key}"

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        """Return the template, folded the first time it is loaded."""
        known = self.cache_key(template_name, skip) in self.get_template_cache
        template = super().get_template(template_name, skip)
        if not known and template.origin.name.startswith(self._folders):
            fold(template.nodelist)
        return template

    @property
    def _folders(self) -> tuple[str, ...]:
        return tuple(f"{folder}/" for folder in self.engine.dirs)


class NumberedUrl(Node):
    """An address with one number in it: ``before`` and ``after`` stand around it."""

    child_nodelists = ()

    def __init__(self, node: URLNode, before: str, after: str) -> None:
        self.node, self.before, self.after = node, before, after
        self.token, self.origin = node.token, node.origin

    def render(self, context: Context) -> str:
        """Put the number in its place; anything else goes the long way."""
        number = self.node.args[0].resolve(context)
        if type(number) is not int or number < 0:
            return str(self.node.render(context))
        url = f"{self.before}{number}{self.after}"
        if self.node.asvar:
            context[self.node.asvar] = url
            return ""
        return str(conditional_escape(url)) if context.autoescape else url


def fold(nodes: NodeList) -> None:
    """Write out what is constant in the nodes, in place, in the language of now."""
    folded: list[Node] = []
    for node in map(_folded, nodes):
        if isinstance(node, LoadNode):
            continue
        if isinstance(node, TextNode) and folded and isinstance(folded[-1], TextNode):
            folded[-1] = TextNode(folded[-1].s + node.s)
            continue
        folded.append(node)
    nodes[:] = folded


def _folded(node: Node) -> Node:
    if isinstance(node, TranslateNode) and _is_constant(node):
        return TextNode(node.render(Context()))
    if isinstance(node, URLNode) and not node.kwargs and _is_word(node.view_name):
        return _folded_url(node)
    if not isinstance(node, LanguageNode):  # its words are another language's
        for nodes in _below(node):
            fold(nodes)
    return node


def _folded_url(node: URLNode) -> Node:
    if not node.args and not node.asvar:
        return TextNode(node.render(Context()))
    if len(node.args) != 1:
        return node
    try:
        url = reverse(node.view_name.var, args=[NUMBER])
    except NoReverseMatch:  # not a number, or no such page: said when it is drawn
        return node
    before, found, after = url.partition(str(NUMBER))
    return NumberedUrl(node, before, after) if found else node


def _is_constant(node: TranslateNode) -> bool:
    words = node.filter_expression
    literal = words.var.lookups is None and not words.filters
    return literal and not (node.asvar or node.noop or node.message_context)


def _is_word(expression: FilterExpression) -> bool:
    return not expression.is_var and not expression.filters


def _below(node: Node) -> Iterator[NodeList]:
    for _, nodes in getattr(node, "conditions_nodelists", ()):
        yield nodes
    for name in node.child_nodelists:
        if name != "nodelist" or not hasattr(node, "conditions_nodelists"):
            nodes = getattr(node, name, None)
            if isinstance(nodes, NodeList):
                yield nodes


def numbered(name: str) -> Callable[[int], str]:
    """Return what makes the address of a page out of its number."""
    before, _, after = reverse(name, args=[NUMBER]).partition(str(NUMBER))
    return lambda number: f"{before}{number}{after}"


class Stencil:
    """
    A partial drawn once for each language, then only filled in, line after line.

    Lists of fifty lines are most of a page. The partial names the ``fields`` as plain
    variables and nothing else that differs from line to line; they are escaped as
    anywhere. ``fixed`` is what all lines of a list have in common.
    """

    def __init__(self, name: str, *fields: str) -> None:
        self.name, self.fields = name, fields
        self._drawn: dict[Any, list[str]] = {}

    def draw(self, lines: Iterable[Mapping[str, Any]], **fixed: Any) -> SafeString:
        """Return all lines, one after the other."""
        pieces = self._pieces(fixed)
        shown: list[str] = []
        for line in lines:
            for place, piece in enumerate(pieces):
                shown.append(_escaped(line[piece]) if place % 2 else piece)
        return mark_safe("".join(shown))

    def _pieces(self, fixed: dict[str, Any]) -> list[str]:
        """Return text and names of fields in turn, beginning and ending with text."""
        template = get_template(self.name).template  # the loader has one a language
        key = template, *fixed.items()
        if key not in self._drawn:
            marked = {field: mark_safe(f"\0{field}\0") for field in self.fields}
            text = template.render(Context(marked | fixed))
            self._drawn[key] = text.split("\0")
        return self._drawn[key]


def _escaped(value: Any) -> str:
    return value if type(value) is SafeString else escape(str(value))
