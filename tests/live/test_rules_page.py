"""What the page of the rules asks and is answered; how it looks is tested in a browser."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from services.router import safely
from services.router.core.decide import decide
from services.router.core.edition import Edition
from services.router.core.table import Table
from services.router.lately import Lately
from services.router.rules.file import load_rules, load_table, version_of
from services.router.rules.tree import Rules
from services.router.web.rules_page import list_routes
from services.runtime.probes import Pages, Readiness, build_app
from tests.live.deciding import decide_day
from tests.live.rule_texts import write_rules

LIVE, LATER = write_rules(2), write_rules(3)
MAIL = {
    "event_id": "e-1", "source": "s", "kind": "message", "customer_id": "secret-ana",
    "channel": "email", "side": "customer", "text": "Where is it?",
    "participants": {"sender": "ana@secret.example"},
}  # fmt: skip


class Given:
    """Rules in force, as a router has them."""

    def __init__(self, live: str, candidate: str = "", percent: float = 0.0) -> None:
        self._texts = {version_of(text): text for text in (live, candidate) if text}
        self.percent = percent
        self.live, self.candidate = live, candidate

    def edition(self) -> Edition:
        """The tables."""
        other = table_of(self.candidate) if self.candidate else None
        return Edition(table=table_of(self.live), candidate=other, percent=self.percent)

    def tree(self, version: str) -> Rules | None:
        """The tree."""
        if version not in self._texts:
            return None
        rules = load_rules(self._texts[version])
        assert isinstance(rules, Rules)
        return rules


def table_of(text: str) -> Table:
    """The compiled file."""
    table = load_table(text)
    assert isinstance(table, Table)
    return table


@pytest.fixture
async def page() -> AsyncIterator[tuple[TestClient[Any, Any], Given, Lately]]:
    """A page with live rules and a candidate."""
    rules, lately = Given(LIVE, LATER), Lately(20)
    pages = Pages("x", CollectorRegistry(), Readiness, routes=list_routes(rules, lately))
    async with TestClient(TestServer(build_app(pages))) as client:
        yield client, rules, lately


async def ask(client: TestClient[Any, Any], path: str, status: int = 200) -> dict[str, Any]:
    """A JSON answer."""
    async with client.get(path) as answer:
        assert answer.status == status
        found: dict[str, Any] = await answer.json()
        return found


async def attempt(client: TestClient[Any, Any], text: str, status: int = 200) -> dict[str, Any]:
    """Paste a text."""
    async with client.post("/rules/api/try", data=text.encode()) as answer:
        assert answer.status == status, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


def thread(length: int) -> str:
    """So many e-mails, customer and agent in turn, one a line."""
    mails = [
        MAIL
        | {
            "event_id": f"e-{n}",
            "message_id": f"<{n}@x>",
            "references": [f"<{n - 1}@x>"],
            "side": "agent" if n % 2 else "customer",
        }
        for n in range(length)
    ]
    return "\n".join(map(json.dumps, mails))


async def test_the_page_is_whole_without_the_internet(
    page: tuple[TestClient[Any, Any], Given, Lately],
) -> None:
    """Law: three files from this router, no address of another host, and a policy that forbids one."""
    client, *_ = page
    for path, kind in (
        ("/rules", "text/html"),
        ("/rules/page.css", "text/css"),
        ("/rules/page.js", "text/javascript"),
    ):
        async with client.get(path) as answer:
            text = await answer.text()
            assert answer.content_type == kind
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "http://" not in text
            assert "https://" not in text


async def test_both_trees_are_told_with_their_hits(
    page: tuple[TestClient[Any, Any], Given, Lately],
) -> None:
    """Law: the hits equal what an independent count of the decisions' paths finds, on both sides."""
    client, rules, lately = page
    made, shadowed = decide_day(rules.edition(), lately, 600)
    state = await ask(client, "/rules/api/state")
    for side, decisions in (("live", made), ("candidate", shadowed)):
        expected: dict[str, int] = {}
        for one in decisions:
            for rule in one.path:
                expected[rule] = expected.get(rule, 0) + 1
        assert state[side]["hits"] == expected
        assert state[side]["hits"]["default"] > 100
        assert state[side]["tree"]["rule"] == "default"
    assert state["live"]["hits"] != state["candidate"]["hits"]


async def test_what_is_pasted_is_decided_by_both_and_nothing_is_kept(
    page: tuple[TestClient[Any, Any], Given, Lately],
) -> None:
    """Law: the last event of a story is drawn; live calls after two exchanges, the candidate not."""
    client, _, lately = page
    said = await attempt(client, thread(5))
    live, candidate = said["live"], said["candidate"]
    assert live["way"]["path"][-1] != "default"
    assert live["decision"]["facts"]["thread.exchanges"] == 2
    assert candidate["way"]["path"] == ["default"]
    assert live["way"]["fates"]["default"]["fate"] == "taken"
    assert lately.last() == []
    assert lately.hits(live["way"]["version"]) == {}


async def test_an_event_that_asks_for_nothing_says_so(
    page: tuple[TestClient[Any, Any], Given, Lately],
) -> None:
    """Law: an agent's message is remembered; there is no way to draw."""
    client, *_ = page
    said = await attempt(client, json.dumps(MAIL | {"side": "agent"}))
    assert said["live"] == {"outcome": "remembered", "event": "message on email"}


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("", "value_missing", "paste an event"),
        ("{", "not_json", ""),
        ("[]", "value_missing", ""),
        ('{"event_id": "1"}', "source_missing", "source"),
        (json.dumps([MAIL, MAIL | {"event_id": "2", "channel": "fax"}]), "enum_unknown", "event 2 of 2"),
        ("\n".join([json.dumps(MAIL)] * 33), "too_many_items", "at most 32"),
        ('{"event_id":"1","source":"s","customer_id":"a","contact_id":"c","summarised_at":"2026-11-20T10:00:00Z"}', "envelope_mismatch", "no event"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused_with_the_reason(
    page: tuple[TestClient[Any, Any], Given, Lately], text: str, code: str, part: str
) -> None:
    """Law: the same codes and words as in a dead letter."""
    client, *_ = page
    said = await attempt(client, text, 400)
    assert said["code"] == code
    assert part in said["error"]


async def test_a_defect_of_ours_costs_an_answer_and_not_the_page(
    page: tuple[TestClient[Any, Any], Given, Lately], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: what the core fails at is told as a dead letter would tell it; the other side is drawn."""
    client, rules, _ = page
    live = rules.edition().table.version

    def fail(table: Table, *rest: Any) -> Any:
        if table.version == live:
            raise ZeroDivisionError
        return decide(table, *rest)

    monkeypatch.setattr(safely, "decide", fail)
    said = await attempt(client, json.dumps(MAIL))
    assert said["live"]["code"] == "decide_failed"
    assert "ZeroDivisionError" in said["live"]["error"]
    assert said["candidate"]["decision"]["rule"] == "default"


async def test_too_much_is_refused(page: tuple[TestClient[Any, Any], Given, Lately]) -> None:
    """Law: a paste has a limit, and the answer says so."""
    client, *_ = page
    said = await attempt(client, json.dumps(MAIL | {"text": "x" * 20_000}), 413)
    assert "too large" in said["error"]


async def test_a_recent_decision_is_drawn_as_it_was_made(
    page: tuple[TestClient[Any, Any], Given, Lately],
) -> None:
    """Law: decided again on the customer of then, at the clock of then, it is the same decision."""
    client, rules, lately = page
    decide_day(rules.edition(), lately, 400)
    recent = (await ask(client, "/rules/api/recent"))["recent"]
    assert len(recent) == 20
    assert [one["number"] for one in recent] == sorted(
        (one["number"] for one in recent), reverse=True
    )
    for one in recent:
        said = (await ask(client, f"/rules/api/recent/{one['number']}"))["live"]
        seen = lately.find(one["number"])
        assert seen is not None
        assert said["way"]["path"] == list(seen.decision.path)
        assert said["decision"]["facts"] == dict(sorted(seen.decision.facts.items()))
        assert said["decision"]["action"] == one["action"]


@pytest.mark.parametrize("number", ["0", "99999999", "x", "-1"])
async def test_a_decision_that_is_gone_is_said_to_be_gone(
    page: tuple[TestClient[Any, Any], Given, Lately], number: str
) -> None:
    """Law: 404 with a reason."""
    client, *_ = page
    assert "not kept" in (await ask(client, f"/rules/api/recent/{number}", 404))["error"]


async def test_nothing_that_names_a_person_leaves_the_page(
    page: tuple[TestClient[Any, Any], Given, Lately],
) -> None:
    """Law: no customer id, no address and no text of a message is in any answer."""
    client, rules, lately = page
    decide_day(rules.edition(), lately, 300)
    answers = [await ask(client, "/rules/api/recent"), await attempt(client, json.dumps(MAIL))]
    numbers = [one["number"] for one in answers[0]["recent"]]
    answers += [await ask(client, f"/rules/api/recent/{number}") for number in numbers]
    told = json.dumps(answers)
    for seen in lately.last():
        assert seen.word.customer_id not in told
        text = getattr(seen.word, "text", "")
        assert not text or text not in told
    assert "secret" not in told


async def test_where_none_is_to_be_kept_none_is(
    page: tuple[TestClient[Any, Any], Given, Lately],
) -> None:
    """Law: OMNIROUTE_RECENT=0 keeps no decision; hits are counted all the same."""
    _, rules, _ = page
    lately = Lately(0)
    made, _ = decide_day(rules.edition(), lately, 200)
    assert lately.last() == []
    assert lately.hits(made[0].rules_version)["default"] > 0


async def test_hits_of_older_rule_files_make_room() -> None:
    """Law: reloads do not make the counts grow for ever."""
    lately = Lately(0)
    versions = []
    for exchanges in range(2, 9):
        edition = Given(write_rules(exchanges)).edition()
        versions.append(edition.table.version)
        decide_day(edition, lately, 60)
    assert lately.hits(versions[0]) == {}
    assert lately.hits(versions[-1])["default"] > 0
