import json
from io import StringIO

from django.core.management import call_command


def test_bench_prints_a_line_for_each_figure(tmp_path):
    rows = [
        {"text": "спасибо", "intent": "thanks", "sentiment": "positive", "flags": []},
        {
            "text": "иду в суд, отмените заказ",
            "intent": "order_cancel",
            "sentiment": "negative",
            "flags": ["legal_threat"],
        },
    ]
    file = tmp_path / "labelled.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    printed = StringIO()

    call_command("bench", "analyzer", str(file), stdout=printed)

    lines = [json.loads(line) for line in printed.getvalue().splitlines()]
    figures = {line["head"]: line for line in lines if "head" in line}
    assert lines[0]["rows"] == 2
    assert figures["safety"]["blocked"] == 1.0
    assert figures["intent"]["accuracy"] == 1.0
    assert figures["speed"]["messages_per_second"] > 0


def test_training_runs_on_one_thread_in_a_process_of_its_own(tmp_path, monkeypatch):
    calls = []

    class Done:
        returncode, stdout, stderr = 0, '{"version": "x"}', ""

    def run(command, **options):
        calls.append((command, options["env"]["OMP_NUM_THREADS"]))
        return Done

    monkeypatch.setattr("chats.management.commands.train_analyzer.subprocess.run", run)
    call_command("train_analyzer", "--extra", str(tmp_path), stdout=StringIO())

    ((command, threads),) = calls
    assert command[1:3] == ["-m", "chats.analyzer.learning"]
    assert command[-2:] == ["--extra", str(tmp_path)]
    assert threads == "1"
