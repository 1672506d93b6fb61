"""`omniroute convert`: order, threads, complaints; and the real threads of the data set."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.cli.convert import convert, main
from services.contact.codec import decode_event
from services.contact.event import ContactEvent
from services.intake.eml import Intake
from services.router.core.thread import group

Run = tuple[int, list[dict[str, Any]], str]


def run(capfdbinary: pytest.CaptureFixture[bytes], *words: str) -> Run:
    """Exit code, lines of standard output, text of standard error."""
    code = main(["eml", *words])
    out, err = capfdbinary.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err.decode()


def write(folder: Path, name: str, *headers: str, body: str = "Hello") -> Path:
    """One mail in a file."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = ["From: Ana <ana@example.org>", "To: help@shop.example", *headers]
    file.write_text("\n".join(lines) + f"\n\n{body}\n", encoding="utf-8")
    return file


def test_mails_come_in_the_order_of_receipt(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Topmost Received, else Date, else file name; a mail without a time comes last."""
    write(tmp_path, "c.eml", "Subject: 2", "Date: Mon, 2 Mar 2026 10:00:00 +0000")
    received = "Received: by mx; Mon, 2 Mar 2026 09:00:00 +0000"
    write(tmp_path, "d.eml", "Subject: 1", received, "Date: Mon, 2 Mar 2026 12:00:00 +0000")
    write(tmp_path, "b.eml", "Subject: 4")
    write(tmp_path, "below/a", "Subject: 3")
    write(tmp_path, "ignored.txt", "Subject: x")
    code, lines, err = run(capfdbinary, str(tmp_path), "--ours", "shop.example")
    assert code == 0
    assert [line["subject"] for line in lines] == ["1", "2", "4", "3"]
    assert lines[3]["received_at"] == lines[1]["received_at"]
    assert "4 events in 4 threads, 1 customers; 0 could not be used" in err


def test_a_line_is_an_event_with_origin_and_thread(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The router reads each line; the thread is the one after the last mail."""
    write(tmp_path, "1.eml", "Message-ID: <a@x>", "Date: Mon, 2 Mar 2026 09:00:00 +0000")
    write(tmp_path, "2.eml", "Message-ID: <b@x>", "Date: Mon, 2 Mar 2026 10:00:00 +0000")
    write(
        tmp_path,
        "3.eml",
        "Message-ID: <c@x>",
        "References: <a@x> <b@x>",
        "Auto-Submitted: auto-replied",
        "Date: Mon, 2 Mar 2026 11:00:00 +0000",
    )
    code, lines, _ = run(capfdbinary, str(tmp_path), "--ours", "shop.example", "--customer", "c1")
    assert code == 0
    assert len({line["thread_key"] for line in lines}) == 1
    assert [line["origin"] for line in lines] == ["human", "human", "auto_reply"]
    assert lines[2]["origin_evidence"] == ["auto-submitted=auto-replied"]
    for line in lines:
        assert isinstance(decode_event(b"c1", json.dumps(line).encode(), ()), ContactEvent)


def test_what_is_no_mail_is_named_and_the_rest_converted(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Exit code 1, the file and the reason on standard error, every other line there."""
    write(tmp_path, "good.eml")
    (tmp_path / "bad.eml").write_bytes(b"\x89PNG\r\n\x1a\n")
    missing = str(tmp_path / "absent.eml")
    code, lines, err = run(capfdbinary, str(tmp_path), missing, "--ours", "shop.example")
    assert (code, len(lines)) == (1, 1)
    assert "bad.eml: field_missing: no e-mail" in err
    assert "absent.eml: no such file or folder" in err


def test_an_mbox_gives_all_its_mails(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Parted at its From lines; quoted ones are restored."""
    mail = "From: ana@example.org\nTo: help@shop.example\nSubject: {}\n\n>From here\n\n"
    start = "From ana@example.org Mon Mar  2 09:00:00 2026\n"
    (tmp_path / "all.mbox").write_text("".join(start + mail.format(n) for n in (1, 2, 3)))
    code, lines, _ = run(capfdbinary, str(tmp_path / "all.mbox"), "--ours", "shop.example")
    assert code == 0
    assert [line["subject"] for line in lines] == ["1", "2", "3"]
    assert {line["text"] for line in lines} == {"From here"}


def test_ours_may_stand_before_the_paths(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Words of `--ours` that exist as files are paths; addresses are taken in any case."""
    write(tmp_path, "1.eml", "Cc: b@x.example")
    words = ("--ours", "ANA@example.org", "x.example", str(tmp_path))
    code, lines, _ = run(capfdbinary, *words)
    assert (code, len(lines)) == (0, 1)
    assert lines[0]["side"] == "agent"


def test_without_ours_it_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong use: exit code 2 and the name of the option."""
    with pytest.raises(SystemExit) as ended:
        main(["eml", "somewhere"])
    assert ended.value.code == 2
    assert "--ours" in capsys.readouterr().err


# -- real threads ------------------------------------------------------------------------------


def ids_of(data: bytes) -> list[set[str]]:
    """Own id and named ids of a mail, read apart from the code under test."""
    mail = message_from_bytes(data)
    found = []
    for names in (("Message-ID",), ("In-Reply-To", "References")):
        text = " ".join(str(value) for name in names for value in mail.get_all(name, []))
        found.append(set(re.findall(r"<([^<>\s]+)>", re.sub(r"\s+", " ", text).lower())))
    return found


def components(mails: Sequence[bytes]) -> list[int]:
    """Connected components through the ids, by the plainest union-find there is."""
    parent: dict[str, str] = {}

    def root(one: str) -> str:
        while parent.setdefault(one, one) != one:
            one = parent[one]
        return one

    for data in mails:
        own, named = ids_of(data)
        for left, right in pairwise([*own, *named]):
            parent[root(left)] = root(right)
    roots = [root(next(iter(ids_of(data)[0]))) for data in mails]
    return [roots.index(one) for one in roots]


def orders(events: Sequence[ContactEvent]) -> Iterator[list[int]]:
    """In order of arrival, reversed, and shuffled twenty times."""
    arrival = sorted(range(len(events)), key=lambda n: (str(events[n].received_at), n))
    yield arrival
    yield arrival[::-1]
    for seed in range(20):
        yield random.Random(seed).sample(arrival, len(arrival))


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "mails", "threads"), [("default", 53, 24), ("threading", 12, None)]
)
def test_real_threads_are_grouped_as_their_headers_connect_them(
    data_folder: Path, folder: str, mails: int, threads: int | None
) -> None:
    """Connected through Message-ID, In-Reply-To and References, in every order of arrival."""
    data = [file.read_bytes() for file in sorted((data_folder / "mail" / folder).glob("*.eml"))]
    assert len(data) == mails
    truth = components(data)
    assert threads is None or len(set(truth)) == threads
    how = Intake(ours=("nobody.example",), customer="c1", ignore_list_headers=True)
    events = [convert(one, how) for one in data]
    good = [event for event in events if isinstance(event, ContactEvent)]
    assert len(good) == mails
    for order in orders(good):
        keys = group([good[n] for n in order])
        labels = [truth[n] for n in order]
        assert len(set(zip(keys, labels, strict=True))) == len(set(keys)) == len(set(labels))


@pytest.mark.data
@pytest.mark.parametrize("folder", ["default", "threading"])
def test_a_key_once_given_changes_only_to_an_older_one(data_folder: Path, folder: str) -> None:
    """With each further mail a message keeps its key, or takes that of an older component."""
    how = Intake(ours=("nobody.example",), customer="c1", ignore_list_headers=True)
    files = sorted((data_folder / "mail" / folder).glob("*.eml"))
    read = [convert(file.read_bytes(), how) for file in files]
    events = [event for event in read if isinstance(event, ContactEvent)]
    for order in list(orders(events))[1:3]:
        arrived = [events[n] for n in order]
        born: dict[str, int] = {}
        before: list[str] = []
        for end in range(1, len(arrived) + 1):
            keys = group(arrived[:end])
            for old, new in zip(before, keys, strict=False):
                assert old == new or born[new] < born[old]
            for key in keys:
                born.setdefault(key, end)
            before = keys


@pytest.mark.data
def test_the_command_converts_the_real_mail(
    data_folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Every file becomes a line that the router accepts; list headers are absent on demand."""
    mail = str(data_folder / "mail")
    words = (mail, "--ours", "cworth@cworth.org", "--customer", "c1", "--ignore-list-headers")
    code, lines, err = run(capfdbinary, *words)
    assert (code, len(lines)) == (0, 65), err
    times = [line["received_at"] for line in lines]
    assert times == sorted(times)
    assert {line["origin"] for line in lines} <= {"human", "auto_reply"}
    assert msgspec.json.decode(json.dumps(lines[0]), type=ContactEvent).customer_id == "c1"
