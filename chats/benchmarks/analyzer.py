"""
How well and how fast the analyser reads a labelled file.

The file holds JSON lines with ``text`` and, where known, ``intent``,
``sentiment``, ``flags`` (a list; a missing key is not measured) and ``history``
(earlier lines, each with author and text).
"""

import json
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chats.analyzer import (
    Context,
    Intent,
    Line,
    Reading,
    Sentiment,
    analyze,
    analyze_many,
)
from chats.analyzer.taxonomy import scenario_of

COVERAGE = 0.8
BINS = 10
START = datetime(2026, 1, 1, tzinfo=UTC)
Figures = dict[str, Any]

COLD = """
import json, sys, time
def peak():
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0])
before = peak()
start = time.perf_counter()
from chats.analyzer import analyze
analyze("здравствуйте, когда приедет заказ?")
took = time.perf_counter() - start
for text in json.load(sys.stdin):
    analyze(text)
print(json.dumps([took, (peak() - before) / 1024]))
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what ``bench analyzer`` takes."""
    parser.add_argument("file", type=Path, help="JSON lines with text and labels")
    parser.add_argument("--errors", action="store_true", help="print misread texts")


def run(options: Figures) -> Iterator[Figures]:
    """Return the figures, one dictionary a line."""
    lines = options["file"].read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    texts = [row["text"] for row in rows]
    readings = analyze_many([(row["text"], _context(row)) for row in rows])
    yield {"bench": "analyzer", "rows": len(rows), "version": readings[0].version}
    if labelled := [pair for pair in zip(rows, readings, strict=True) if _has(pair[0])]:
        yield from accuracy(labelled)
    if any("flags" in row for row in rows):
        yield safety(rows, readings)
    yield speed(texts)
    yield cold(texts)
    if options.get("errors"):
        yield from errors(rows, readings)


def _context(row: Figures) -> Context | None:
    """Return the row's ``history`` as lines a minute apart, None without one."""
    said = row.get("history")
    if not said:
        return None
    lines = [
        Line(line["author"], line["text"], START + number * timedelta(minutes=1))
        for number, line in enumerate(said)
    ]
    return Context(tuple(lines))


def _has(row: Figures) -> bool:
    return "intent" in row and "sentiment" in row


def accuracy(pairs: Sequence[tuple[Figures, Reading]]) -> Iterator[Figures]:
    """Return the figures of intents, sentiments and scenarios."""
    for head, kinds in (("intent", list(Intent)), ("sentiment", list(Sentiment))):
        truth = np.array([row[head] for row, _ in pairs])
        guess = np.array([getattr(reading, head).value for _, reading in pairs])
        sure = np.array([getattr(read, f"{head}_confidence") for _, read in pairs])
        right = truth == guess
        scores = {kind.value: _f1(truth, guess, kind.value) for kind in kinds}
        present = {kind: score for kind, score in scores.items() if score is not None}
        yield {
            "head": head,
            "accuracy": _round(right.mean()),
            "macro_f1": _round(np.mean(list(present.values()))),
            "ece": _round(calibration_error(sure, right)),
            "precision_at_80": _round(_best(sure, right)),
            "f1": {kind: _round(score) for kind, score in present.items()},
        }
    yield _scenarios(pairs)


def _scenarios(pairs: Sequence[tuple[Figures, Reading]]) -> Figures:
    truth = [
        scenario_of(Intent(row["intent"]), Sentiment(row["sentiment"]))
        if not row.get("flags")
        else "none"
        for row, _ in pairs
    ]
    right = np.array(
        [
            reading.scenario == wanted
            for (_, reading), wanted in zip(pairs, truth, strict=True)
        ]
    )
    sure = np.array([reading.scenario_confidence for _, reading in pairs])
    offered = np.array([r.confident and r.scenario != "none" for _, r in pairs])
    return {
        "head": "scenario",
        "accuracy": _round(right.mean()),
        "precision_at_80": _round(_best(sure, right)),
        "offered": _round(offered.mean()),
        "offered_precision": _round(right[offered].mean() if offered.any() else 1.0),
    }


def _f1(truth: NDArray[np.str_], guess: NDArray[np.str_], kind: str) -> float | None:
    """Return the F1 of one class, None when the file has none of it."""
    if not (truth == kind).any():
        return None
    both = ((truth == kind) & (guess == kind)).sum()
    return float(2 * both / ((truth == kind).sum() + (guess == kind).sum()))


def calibration_error(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over ten equal bins of confidence."""
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    parts = [bins == number for number in range(BINS)]
    return float(
        sum(
            part.mean() * abs(sure[part].mean() - right[part].mean())
            for part in parts
            if part.any()
        )
    )


def _best(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the share right among the most confident COVERAGE of all."""
    order = np.argsort(-sure, kind="stable")[: int(COVERAGE * len(sure))]
    return float(right[order].mean())


def safety(rows: Sequence[Figures], readings: Sequence[Reading]) -> Figures:
    """Return how many unsafe texts were blocked and how many others were."""
    unsafe = np.array([bool(row.get("flags")) for row in rows])
    blocked = np.array([bool(reading.flags) for reading in readings])
    named = [
        bool(set(row["flags"]) & {flag.value for flag in reading.flags})
        for row, reading in zip(rows, readings, strict=True)
        if row.get("flags")
    ]
    return {
        "head": "safety",
        "unsafe": int(unsafe.sum()),
        "blocked": _round(blocked[unsafe].mean() if unsafe.any() else 1.0),
        "right_flag": _round(np.mean(named) if named else 1.0),
        "false_alarms": _round(blocked[~unsafe].mean() if (~unsafe).any() else 0.0),
    }


def speed(texts: Sequence[str]) -> Figures:
    """Return messages per second in batches, and the p95 of single turns."""
    start = time.perf_counter()
    analyze_many([(text, None) for text in texts])
    batch = time.perf_counter() - start
    each = []
    for text in texts:
        start = time.perf_counter()
        analyze(text)
        each.append(time.perf_counter() - start)
    return {
        "head": "speed",
        "messages_per_second": round(len(texts) / batch, 1),
        "single_per_second": round(len(texts) / sum(each), 1),
        "p95_ms": round(float(np.percentile(each, 95)) * 1000, 2),
    }


def cold(texts: Sequence[str]) -> Figures:
    """
    Return seconds to the first reading and the peak of megabytes added.

    Measured in a new process that has imported nothing; needs Linux's /proc.
    """
    done = subprocess.run(
        [sys.executable, "-c", COLD],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, megabytes = json.loads(done.stdout)
    return {
        "head": "cold",
        "load_s": round(seconds, 2),
        "memory_mb": round(megabytes, 1),
    }


def errors(rows: Sequence[Figures], readings: Sequence[Reading]) -> Iterator[Figures]:
    """Return each misread text with what was wanted and what was read."""
    for row, reading in zip(rows, readings, strict=True):
        wanted = [row.get("intent"), row.get("sentiment"), bool(row.get("flags"))]
        found = [reading.intent, reading.sentiment, bool(reading.flags)]
        if wanted != found:
            yield {"text": row["text"], "wanted": wanted, "found": found}


def _round(value: float | np.floating[Any] | None) -> float:
    return round(float(value or 0), 4)
