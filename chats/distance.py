"""How far an edited reply is from the proposed one."""


def edit_distance(one: str, other: str) -> float:
    """
    Return Levenshtein's distance over the longer length: 0 unchanged, 1 all new.

    Myers' bit vectors: one pass over the text, each step on whole machine words.
    """
    longer = max(len(one), len(other))
    if one == other:
        return 0.0
    if not one or not other:
        return 1.0
    places: dict[str, int] = {}
    for place, char in enumerate(one):
        places[char] = places.get(char, 0) | 1 << place
    mask, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    up, down, score = mask, 0, len(one)
    for char in other:
        same = places.get(char, 0)
        across = (((same & up) + up) ^ up) | same | down
        plus, minus = down | ~(across | up) & mask, up & across
        score += bool(plus & last) - bool(minus & last)
        plus, minus = (plus << 1 | 1) & mask, minus << 1 & mask
        free = same | down
        up, down = minus | ~(free | plus) & mask, plus & free
    return round(score / longer, 4)
