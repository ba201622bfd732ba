"""
Drawings of what the demo shop sells, each within its own address.

WB keeps photos on hosts of its own, which the demo neither has nor asks: a picture
that is its address (``data:``) is seen without a network.
"""

from urllib.parse import quote

_DRAWN = {
    "пижама": (
        "#dfe7f5",
        ("#7a8fc4", "M22 18l14 5 14-5 10 10-7 7-4-3v18H23V32l-4 3-7-7z"),
        ("#5f76b0", "M23 53h26l3 31H40l-4-20-4 20H20z"),
    ),
    "халат": (
        "#f6e6dc",
        ("#c98a63", "M26 16h20l12 14-6 8-4-4v50H24V34l-4 4-6-8z"),
        ("#fff", "M30 16l6 22 6-22z"),
        ("#8a5636", "M24 50h24v5H24z"),
    ),
    "ботинки": (
        "#e8eadb",
        ("#7c6a4a", "M22 26h18v26l16 8c5 3 6 8 6 12H22z"),
        ("#3f3526", "M20 72h44v8H20z"),
        ("#fff", "M26 34h10v3H26zM26 42h10v3H26z"),
    ),
    "чайник": (
        "#dcebf0",
        ("#5c8ea3", "M24 36h24l6 40H18z"),
        ("#2f5565", "M30 28h12v8H30zM50 40c14 0 14 26 3 28l-1-6c5-2 5-15-2-15z"),
        ("#bfe3ef", "M22 54h28l2 18H20z"),
    ),
    "фен": (
        "#f3dfe8",
        ("#b65c86", "M14 30h36a13 13 0 010 26H14z"),
        ("#7d3a5b", "M30 56h12l4 28H34z"),
        ("#5a2a42", "M8 32h6v22H8z"),
    ),
    "наушники": (
        "#e2e2ee",
        ("#4a4a78", "M16 54a20 20 0 0140 0h-6a14 14 0 00-28 0z"),
        ("#6d6db0", "M12 52h12v24H12zM48 52h12v24H48z"),
    ),
    "лампа": (
        "#2f3550",
        ("#ffe08a", "M36 22a18 18 0 0110 33v7H26v-7a18 18 0 0110-33z"),
        ("#9aa3c7", "M26 64h20v6H26zM29 72h14v6H29z"),
    ),
    "плед": (
        "#ece4da",
        ("#b98f6a", "M12 26h48v46H12z"),
        ("#e6cfb6", "M12 36h48v5H12zM12 52h48v5H12z"),
        (
            "#8f6847",
            "M12 72h3v8h-3zM23 72h3v8h-3zM34 72h3v8h-3zM46 72h3v8h-3zM57 72h3v8h-3z",
        ),
    ),
    "сковорода": (
        "#e6e9e4",
        ("#6b4a33", "M46 56l18 24-6 4-18-24z"),
        ("#3d4540", "M8 44a22 22 0 1044 0 22 22 0 10-44 0z"),
        ("#59645c", "M14 44a16 16 0 1032 0 16 16 0 10-32 0z"),
    ),
    "кружка": (
        "#dfeee6",
        ("#3f8a66", "M22 30h28l-3 54H25z"),
        ("#235c42", "M20 20h32v10H20z"),
        ("#cfe8da", "M23 48h26l-1 10H24z"),
    ),
    "рюкзак": (
        "#e4ecf8",
        ("#3e6bb0", "M18 40a18 18 0 0136 0v42H18z"),
        ("#2c4e85", "M24 56h24v20H24zM30 22a6 6 0 0112 0v4h-4v-3h-4v3h-4z"),
        ("#f2b84b", "M24 56h24v4H24z"),
    ),
    "крем": (
        "#fbe9e4",
        ("#e39a88", "M14 40h14l-2 36H16z"),
        ("#8fbf9f", "M30 34h14l-2 42H32z"),
        ("#8ba4d8", "M46 40h14l-2 36H48z"),
        ("#6b5650", "M16 76h10v8H16zM32 76h10v8H32zM48 76h10v8H48z"),
    ),
    "конструктор": (
        "#f5ecd3",
        ("#d1653f", "M14 58h22v22H14z"),
        ("#4f8a8b", "M38 58h22v22H38z"),
        ("#e0a52f", "M26 34h22v22H26z"),
    ),
}


def of(key: str) -> str:
    """Return the address that is the picture of a good, by its ``key``."""
    back, *shapes = _DRAWN[key]
    drawn = "".join(
        f"<path fill='{colour}' d='{lines}'/>"
        for colour, lines in ((back, "M0 0h72v96H0z"), *shapes)
    )
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 72 96'>{drawn}</svg>"
    return "data:image/svg+xml," + quote(svg, safe=" '/=:")
