"""The page `/rules`: the tree with its hits, and a playground. Read-only, and without the internet.

The page is three files beside this one; everything else it asks for as JSON. What somebody pastes is
decided by the very `decide` of the lanes, under the editions in force, and forgotten.
"""

from __future__ import annotations

import time
from importlib.resources import files
from typing import Any, Protocol

import orjson
from aiohttp import web

from services.contact.event import ContactEvent
from services.contact.reject import Reject
from services.router.core.edition import Edition
from services.router.core.table import Table
from services.router.lately import Lately, Seen
from services.router.rules.explaining import explain
from services.router.rules.tree import Rules
from services.router.web.drawn import Drawn, draw_decision, draw_event, draw_tree, draw_way
from services.router.web.trying import Try, read_story, retell

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
ASSETS = {
    "/rules": ("rules.html", "text/html"),
    "/rules/page.css": ("rules.css", "text/css"),
    "/rules/page.js": ("rules.js", "text/javascript"),
}
BAD_REQUEST, NOT_FOUND, TOO_LARGE = 400, 404, 413


class RulesInForce(Protocol):
    """What the page asks of the rules."""

    def edition(self) -> Edition:
        """What is in force."""

    def tree(self, version: str) -> Rules | None:
        """A rule file of the edition in force, as people wrote it."""


def list_routes(rules: RulesInForce, lately: Lately) -> list[web.RouteDef]:
    """All addresses of the page."""
    page = _Page(rules, lately)
    assets = [web.get(path, _serve(name, kind)) for path, (name, kind) in ASSETS.items()]
    return [
        *assets,
        web.get("/rules/api/state", page.answer_state),
        web.get("/rules/api/recent", page.answer_recent),
        web.get("/rules/api/recent/{number}", page.answer_again),
        web.post("/rules/api/try", page.answer_try),
    ]


def _serve(name: str, kind: str) -> Any:
    body = (files("services.router.web") / name).read_bytes()

    async def serve(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=HEADERS)

    return serve


class _Page:
    """Answers what the page asks."""

    def __init__(self, rules: RulesInForce, lately: Lately) -> None:
        self._rules = rules
        self._lately = lately

    async def answer_state(self, _: web.Request) -> web.Response:
        """The trees in force with their hits."""
        edition = self._rules.edition()
        return _answer(
            {
                "since": self._lately.since,
                "now": _now(),
                "generation": edition.generation,
                "percent": edition.percent,
                "effect": edition.effect.value,
                "live": self._draw(edition.table),
                "candidate": None if edition.candidate is None else self._draw(edition.candidate),
            }
        )

    async def answer_recent(self, _: web.Request) -> web.Response:
        """The last decisions, newest first; nothing that names a person."""
        return _answer({"now": _now(), "recent": [_list(one) for one in self._lately.last()]})

    async def answer_again(self, request: web.Request) -> web.Response:
        """One of them, decided again under the rules in force."""
        said = request.match_info["number"]
        seen = self._lately.find(int(said)) if said.isdecimal() else None
        if seen is None:
            why = "this decision is not kept any more; the list has the newer ones"
            return _answer({"error": why}, NOT_FOUND)
        return self._answer_try(retell(seen))

    async def answer_try(self, request: web.Request) -> web.Response:
        """What was pasted, decided for a customer of whom nothing else is known."""
        try:
            text = await request.read()
        except web.HTTPRequestEntityTooLarge as large:
            return _answer({"error": f"too large: {large.text}"}, TOO_LARGE)
        found = read_story(text, _now())
        if isinstance(found, Reject):
            return _answer({"error": found.why, "code": found.code.value}, BAD_REQUEST)
        return self._answer_try(found)

    def _answer_try(self, attempt: Try) -> web.Response:
        edition = self._rules.edition()
        said = {"live": self._try(edition.table, attempt)}
        if edition.candidate is not None:
            said["candidate"] = self._try(edition.candidate, attempt)
        return _answer(said)

    def _try(self, table: Table, attempt: Try) -> Drawn:
        """The outcome under one table, and the way if there is a decision."""
        tried = attempt(table)
        verdict, word = tried.verdict, tried.word
        drawn: Drawn = {"outcome": verdict.outcome.value}
        if isinstance(word, ContactEvent):
            drawn["event"] = draw_event(word)
        if verdict.reject is not None:
            return {**drawn, "error": verdict.reject.why, "code": verdict.reject.code.value}
        tree = self._rules.tree(table.version)
        if verdict.decisions and tree is not None:
            made = verdict.decisions[-1]
            drawn["decision"] = draw_decision(made)
            drawn["way"] = draw_way(explain(tree, table, made.facts))
        return drawn

    def _draw(self, table: Table) -> Drawn:
        tree = self._rules.tree(table.version)
        return {
            "version": table.version,
            "tree": None if tree is None else draw_tree(tree),
            "hits": self._lately.hits(table.version),
        }


def _list(seen: Seen) -> Drawn:
    made = seen.decision
    word = seen.word
    return {
        "number": seen.number,
        "at": seen.now,
        "event": draw_event(word) if isinstance(word, ContactEvent) else "a score came",
        "action": made.action.value,
        "channel": made.channel.value,
        "rule": made.rule,
        "effect": made.effect.value,
        "decision_id": made.decision_id,
    }


def _now() -> int:
    return int(time.time() * 1000)


def _answer(body: Drawn, status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps(body),
        content_type="application/json",
        headers=HEADERS,
    )
