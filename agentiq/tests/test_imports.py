"""The import rule: apps point down, steps point to models, pure packages stay pure."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PURE = ("agentiq/wb", "promos/rules", "chats/analyzer", "chats/policy")
ALLOWED_IN_PURE = {"requests", "urllib3", "numpy", "scipy"} | set(
    sys.stdlib_module_names
)
FORBIDDEN = {"agentiq": {"promos", "chats"}, "promos": {"chats"}, "chats": set()}
MODULES = [
    path
    for app in FORBIDDEN
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]


def imported(path):
    """Every module a file imports, inside functions too; relative ones as '.'."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." if node.level else node.module


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_an_app_imports_only_what_is_below_it(path):
    forbidden = FORBIDDEN[path.relative_to(ROOT).parts[0]]

    assert not [m for m in imported(path) if m.split(".")[0] in forbidden]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_are_absolute(path):
    assert "." not in imported(path)


@pytest.mark.parametrize(
    "path", [p for p in MODULES if name_of(p).startswith(PURE)], ids=name_of
)
def test_a_pure_package_needs_no_django(path):
    own = next(pure for pure in PURE if name_of(path).startswith(pure))
    own_module = own.replace("/", ".")
    foreign = [
        module
        for module in imported(path)
        if not module.startswith(own_module)
        and module.split(".")[0] not in ALLOWED_IN_PURE
    ]

    assert not foreign
