"""Laws of `omniroute sentiment score`, `evaluate` and `calibrate`, as a person runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.sentiment.train.texts import CORPUS, LABELS, read_corpus


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


@pytest.mark.parametrize("command", ["score", "evaluate", "calibrate"])
def test_languages_without_an_onnx_model_are_refused(command: str, tmp_path: Path) -> None:
    """Law: an option that would change nothing is told, with the remedy."""
    path = tmp_path / "set.tsv"
    path.write_text("text\tlabel\nfine\tpos\n", "utf-8")
    done = run(command, str(path), "--model-languages", "en,de")
    assert done.returncode == 2
    assert b"is no ONNX model" in done.stderr
    assert b"en, de" in done.stderr


def test_every_part_of_a_long_message_counts_and_can_be_explained() -> None:
    """Law: as the service scores it, beyond the characters that are scored in one piece."""
    long = "They wrote that it would come on Monday. " * 50 + "It is broken and terrible!"
    done = run("score", "-", "--format", "jsonl", "--why", stdin=long.encode())
    assert done.returncode == 0, done.stderr
    assert "terrible" in {word for word, _ in json.loads(done.stdout)["why"]}


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


@pytest.fixture
def grumblers(tmp_path: Path) -> Path:
    """A tenant whose plain requests are mostly meant as complaints: our messages, labelled so."""
    lines = ["text\tlang\tlabel"]
    for language in ("en", "bg"):
        messages = read_corpus(CORPUS / "development" / f"{language}.tsv")
        for number, message in enumerate(messages):
            is_plain = LABELS[message.label] == "neu" and number % 5
            label = "neg" if is_plain and language == "en" else LABELS[message.label]
            text = message.text.replace("\n", " ").replace("\t", " ")
            lines.append(f"{text}\t{language}\t{label}")
    path = tmp_path / "grumblers.tsv"
    path.write_text("\n".join(lines) + "\nКакво\tmk\tneg\n", "utf-8")
    return path


def test_what_is_calibrated_is_a_block_that_makes_the_shares_right(
    grumblers: Path, tmp_path: Path
) -> None:
    """Law: figures of before and after for a person, a block for the overlay, only for its sources."""
    done = run("calibrate", str(grumblers), "--source", "it's/*")
    assert done.returncode == 0, done.stderr
    said = done.stderr.decode().splitlines()
    assert said[0] == "1 messages are not scored, and left out"
    assert [line.split()[0] for line in said[1:]] == ["bg", "en"]
    overlay = tmp_path / "overlay.yaml"
    overlay.write_bytes(done.stdout)
    assert b"- sources: ['it''s/*']\n  languages: ['en']\n  calibration: {" in done.stdout
    words = ["evaluate", str(grumblers), "--format", "jsonl", "--no-intervals", "--no-peers"]
    words += ["--overlay", str(overlay)]
    found = {
        source: {line["language"]: line for line in map(json.loads, run(*words, "--source", source).stdout.splitlines())}
        for source in ("it's/main", "its/main")
    }  # fmt: skip
    calibrated, plain = (found[source]["en"] for source in ("it's/main", "its/main"))
    assert plain["ece"] > 0.1
    assert calibrated["ece"] < plain["ece"] / 2
    assert calibrated["macro_f1"] > plain["macro_f1"]
    score = [
        "score",
        "Where is it?",
        "--language",
        "en",
        "--format",
        "jsonl",
        "--overlay",
        str(overlay),
    ]
    mine, other = (json.loads(run(*score, "--source", one).stdout) for one in ("it's/a", "its/a"))
    assert mine["score"] < other["score"]


def test_too_few_labels_calibrate_nothing(tmp_path: Path) -> None:
    """Law: a language that lacks them is left out and says what it takes; exit code 1: none was left."""
    few = tmp_path / "few.tsv"
    few.write_text("text\tlang\tlabel\n" + "good\ten\tpos\n" * 120, "utf-8")
    done = run("calibrate", str(few))
    assert (done.returncode, done.stdout) == (1, b"")
    assert "left out: 0 neg, 0 neu, 120 pos; it takes 10 of each" in done.stderr.decode()


@pytest.mark.parametrize("command", ["score", "evaluate"])
def test_an_overlay_with_a_mistake_is_refused_with_its_line(tmp_path: Path, command: str) -> None:
    """Law: exit code 2 and file:line."""
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("- calibration: {warmth: 1}\n")
    alone = run(command, "anything", "--source", "chat/main")
    assert (alone.returncode, b"--source is for --overlay" in alone.stderr) == (2, True)
    done = run(command, "anything", "--overlay", str(overlay))
    assert done.returncode == 2
    assert f"{overlay}:1: 'warmth' is none of" in done.stderr.decode()
