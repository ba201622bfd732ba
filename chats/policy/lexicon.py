"""Word lists of this package: plain files in ``wordlists``, read once, at import."""

from pathlib import Path

_FOLDER = Path(__file__).with_name("wordlists")


def words(name: str) -> frozenset[str]:
    """Return the words of ``wordlists/<name>.txt``, parted there by white space."""
    return frozenset((_FOLDER / f"{name}.txt").read_text(encoding="utf-8").split())
