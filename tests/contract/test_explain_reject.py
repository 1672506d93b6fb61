"""`omniroute explain-reject` tells where an event is wrong, and what was perhaps meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.cli.explain_reject import main
from services.contact.codec import decode_event, encode_event
from services.contact.places import find_places, line_and_column
from services.contact.reject import Reject
from tests.contract.bad_input import BAD_INPUT, GOOD, BadInput
from tests.contract.examples import FULL, SMALLEST

UTF8 = [bad for bad in BAD_INPUT if bad.value and not bad.headers and bad.key == b"c-1"]


def _explain(tmp_path: Path, text: str | bytes, *options: str) -> int:
    file = tmp_path / "event.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return main([*options, str(file)])


def _pretty(**changes: object) -> str:
    return json.dumps({**GOOD, **changes}, indent=2)


def test_a_good_event_is_called_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Law: exit 0 and what the event would be, its partition included."""
    assert _explain(tmp_path, _pretty(), "--partition", "0", "--partitions", "1") == 0
    out = capsys.readouterr().out
    assert "event.json: fine" in out
    assert "message on email from desk/acme" in out
    assert "key c-1, partition 0 of 1" in out
    assert "asks for a decision" in out


def test_a_wrong_word_is_shown_with_place_words_and_suggestion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: file:line:column, the words that the field takes, and the nearest one."""
    assert _explain(tmp_path, _pretty(channel="voice", chanel="x")) == 1
    out = capsys.readouterr().out
    assert "event.json:6:14: refused as enum_unknown" in out
    assert "expected one of phone, chat, email, social" in out
    assert "did you mean 'phone'?" in out
    assert "unknown field 'chanel' is ignored; did you mean 'channel'?" in out


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"kind": "mesage"}, ":4:11:"),
        ({"customer_handles": [{"kind": "phone", "value": "x"}, {"kind": "fax"}]}, ":15:15:"),
        ({"customer_handles": [{"kind": "phone"}]}, ":10:5:"),
        ({"event_id": 1}, ":2:15:"),
        ({"references": ["a", "b\n"]}, ":11:5:"),
    ],
    ids=["kind", "second handle", "missing inside", "wrong type", "item of a list"],
)
def test_the_place_is_that_of_the_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, object], place: str
) -> None:
    """Law: line and column lead to the value, or to the object that lacks it."""
    assert _explain(tmp_path, _pretty(**changes)) == 1
    assert place in capsys.readouterr().out.splitlines()[0]


def test_a_field_that_stands_twice_is_shown_at_its_second_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: the second one is the one too many."""
    text = _pretty().replace('"channel"', '"source":"x",\n  "channel"')
    assert _explain(tmp_path, text) == 1
    assert ":6:3: refused as duplicate_field" in capsys.readouterr().out


@pytest.mark.parametrize("bad", UTF8, ids=lambda bad: bad.name)
def test_every_bad_event_is_explained_with_the_code_of_the_services(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: BadInput
) -> None:
    """Law: the command says what the codec says, and never fails."""
    assert _explain(tmp_path, bad.value or b"") == 1
    reject = decode_event(bad.key, bad.value, ())
    assert isinstance(reject, Reject)
    out = capsys.readouterr().out
    assert f"refused as {reject.code.value}" in out
    assert reject.why in out


def test_structured_protobuf_and_many_lines_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: what the services read, the command reads; --lines takes one event a line."""
    structured = encode_event(FULL, mode="structured")
    assert _explain(tmp_path, structured.value or b"") == 0
    protobuf = encode_event(FULL, content="protobuf")
    words = ("--header", "content-type=application/protobuf")
    assert _explain(tmp_path, protobuf.value or b"", *words) == 0
    good = (encode_event(SMALLEST).value or b"").decode()
    wrong = good.replace('"chat"', '"chatt"')
    capsys.readouterr()
    assert _explain(tmp_path, f"{good}\n\n{wrong}\n{good}\n", "--lines") == 1
    out = capsys.readouterr().out
    assert "event.json:1: fine" in out
    column = wrong.index('"chatt"') + 1
    assert f"event.json:3:{column}: refused as enum_unknown" in out
    assert "did you mean 'chat'?" in out
    assert "event.json:4: fine" in out
    outer = json.loads(structured.value or b"")
    outer["data"]["channel"] = "mail"
    assert _explain(tmp_path, json.dumps(outer, indent=1)) == 1
    assert "did you mean 'email'?" in capsys.readouterr().out


def test_wrong_use_is_told_from_a_wrong_event(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: exit 2 for a file that is not there and options that make no sense."""
    assert main([str(tmp_path / "absent.json")]) == 2
    assert _explain(tmp_path, _pretty(), "--partition", "1") == 2
    assert _explain(tmp_path, _pretty(), "--header", "nonsense") == 2
    assert "expected NAME=VALUE" in capsys.readouterr().err


def test_a_key_and_a_partition_are_checked_when_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law: the key counts only where it is given."""
    assert _explain(tmp_path, _pretty(), "--key", "c-2") == 1
    assert "refused as key_mismatch" in capsys.readouterr().out


def test_places_are_found_up_to_the_fault() -> None:
    """Law: each member has its path and offsets, and a text cut off ends the search."""
    text = '{"a": [1, {"b\\"": "}"}],\n "c": {"d": nul'
    found = [(p.path, line_and_column(text, p.value_at)) for p in find_places(text)]
    assert found[:4] == [("a", (1, 7)), ("a[0]", (1, 8)), ("a[1]", (1, 11)), ('a[1].b"', (1, 19))]
    assert found[4:] == [("c", (2, 7)), ("c.d", (2, 13))]
