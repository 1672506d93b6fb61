"""Laws of `omniroute sentiment score` and `evaluate`, as a person runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def run(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command as a person runs it."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", "sentiment", *words],
        input=stdin,
        capture_output=True,
        timeout=50,
        check=False,
    )


def test_lines_of_standard_input_give_one_ascii_json_line_each_in_order() -> None:
    """Law: order and number are kept, empty and broken lines included; nothing beyond ASCII."""
    lines = [b"Thank you, great!", b"", "Ужасный сервис 😡".encode(), b"\xff\xfe bad \x00"]
    done = run("score", "-", "--format", "jsonl", "--why", stdin=b"\n".join(lines) + b"\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["label"] for line in found[:3]] == ["positive", "neutral", "negative"]
    assert found[1]["why_unscored"] == "no_text"
    assert len(found) == 4
    assert found[0]["language"] == "en"
    assert found[2]["language"] == "ru"
    assert set(found[0]["probs"]) == {"negative", "neutral", "positive"}
    assert abs(sum(found[0]["probs"].values()) - 1) < 1e-9
    assert found[0]["score"] == round(
        found[0]["probs"]["positive"] - found[0]["probs"]["negative"], 4
    )
    assert found[2]["why"][0][0] in {"ужасный", "😡"}
    assert "why" not in found[1]


def test_a_word_that_names_a_file_is_read_and_any_other_is_a_text(tmp_path: Path) -> None:
    """Law: files and texts may stand side by side."""
    path = tmp_path / "texts.txt"
    path.write_text("terrible\nwonderful\n", "utf-8")
    done = run("score", str(path), "Where is it?", "--format", "jsonl", "--language", "en")
    labels = [json.loads(line)["label"] for line in done.stdout.splitlines()]
    assert labels == ["negative", "positive", "neutral"]


def test_the_table_shows_label_score_and_the_words_that_moved_it() -> None:
    """Law: a person sees what and why, without control characters of the text."""
    done = run("score", "--why", "terrible [bold]service\x1b[31m")
    assert done.returncode == 0, done.stderr
    said = done.stdout.decode()
    assert "negative" in said
    assert "[bold]service" in said
    assert "\x1b[31m" not in said
    assert "terrible -" in said


def test_a_folder_without_a_model_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """Law: 2, and what to do."""
    done = run("score", "--model", str(tmp_path), "hello")
    assert done.returncode == 2
    assert b"omniroute sentiment train" in done.stderr


def test_evaluation_gives_figures_with_intervals_and_peers(tmp_path: Path) -> None:
    """Law: what is right on every text has a macro-F1 of 1 inside its interval; VADER stands beside."""
    path = tmp_path / "mine.tsv"
    rows = ["thank you so much, wonderful\tpos\ten", "terrible, awful service\tneg\ten"] * 15
    path.write_text("text\tlabel\tlang\n" + "\n".join(rows) + "\n", "utf-8")
    done = run("evaluate", str(path), "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    ours, *peers = (json.loads(line) for line in done.stdout.splitlines())
    assert (ours["set"], ours["language"], ours["texts"], ours["classes"]) == ("mine", "en", 30, 2)
    assert ours["macro_f1"] == 1
    assert ours["ece"] is None
    assert ours["intervals"]["macro_f1"] == [1, 1]
    assert "VADER" in [peer["by"] for peer in peers]


@pytest.mark.parametrize("content", ["", "text\tlabel\nx\tgood\n"])
def test_a_bad_file_ends_with_two_and_its_name(tmp_path: Path, content: str) -> None:
    """Law: 2, and where it is wrong."""
    path = tmp_path / "bad.tsv"
    path.write_text(content)
    done = run("evaluate", str(path))
    assert done.returncode == 2
    assert b"bad.tsv" in done.stderr
