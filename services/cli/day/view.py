"""The terminal view of the day: what came in, where it went and why."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console, ConsoleOptions, RenderResult
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from services.cli.day.board import Board, Latest
from services.contact.decision import Action, Decision, DecisionType
from services.contact.sentiment import Label
from services.router.core.table import ROOT

WORDS: Mapping[Action, str] = {
    Action.ROUTE: "queued on",
    Action.MOVE: "moved to",
    Action.CALLBACK: "we call:",
    Action.STAY: "stays with its owner on",
    Action.ATTACH: "attached to the open call,",
    Action.DUPLICATE: "the same message twice,",
    Action.RECORD: "filed, no work,",
}
STYLES: Mapping[Action, str] = {
    Action.ROUTE: "cyan",
    Action.MOVE: "magenta",
    Action.CALLBACK: "bold green",
    Action.ATTACH: "yellow",
}
CHOICES: Mapping[str, str] = {
    "asked": "the customer asks for it, or waits there",
    "stored": "the customer chose it",
    "topic": "the customer chose it for this topic",
    "observed": "the customer usually uses it",
    "default": "no choice is known: where the customer wrote",
}
CAME: Mapping[str, str] = {"facts": "profiles, choices", "unreadable": "broken records"}
MOODS: Mapping[Label, str] = {Label.UNSCORED: "language not scored"}
FAILURES = ("routing.failed", "delivery.failed")
CAUSES: Mapping[str, str] = {
    "late_event": "an answer was reported late",
    "sentiment": "the message was scored",
    "routing.failed": "the call failed",
    "rules_changed": "the rules were changed",
    "delivery.failed": "it could not be delivered",
    "escalation_lapsed": "nobody called in time",
    "capacity": "the queue takes no more now",
}
SKIPS: Mapping[str, str] = {
    "consent_refused": "consent refused",
    "customer_refuses": "the customer refuses it",
    "no_address": "no address known",
    "address_failed": "the address failed",
    "closed": "closed for too long",
    "tried": "tried",
    "capacity": "the queue takes no more now",
}
_MEANING: Mapping[Action, str] = {
    Action.ROUTE: "queued where the customer wrote",
    Action.MOVE: "moved to the chosen channel",
    Action.CALLBACK: "calls to customers",
    Action.STAY: "left with the owner",
    Action.ATTACH: "attached to an open call",
    Action.DUPLICATE: "same message twice",
    Action.RECORD: "filed, no work",
}


class Addresses(msgspec.Struct, frozen=True):
    """Where a person can look further while the day runs."""

    broker: str
    redis: str
    pages: Mapping[str, str]


class View:
    """Draws the board; `rich` calls it several times a second."""

    def __init__(self, board: Board, addresses: Addresses, begin_s: float) -> None:
        self._board = board
        self._addresses = addresses
        self._begin_s = begin_s
        self.state = "the day goes on"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A screen full: figures above, the newest decisions below."""
        height = options.height or console.height
        came = Layout(Panel(self._came_in(), title="What came in", border_style="blue"))
        went = Layout(Panel(self._went(), title="What became of it", border_style="blue"), ratio=2)
        mood = Layout(Panel(self._mood(), title="Mood", border_style="blue"))
        letters = Layout(Panel(self._letters(), title="Dead letters", border_style="blue"))
        figures = Layout(name="figures", size=12)
        if options.max_width >= _NARROW:
            figures.split_row(came, went, mood, letters)
        else:
            above, below = Layout(size=8), Layout(size=6)
            above.split_row(came, went)
            below.split_row(mood, letters)
            figures = Layout(name="figures", size=14)
            figures.split_column(above, below)
        layout = Layout()
        layout.split_column(
            Layout(self._head(), size=4),
            figures,
            Layout(self._newest(max(3, height - 22)), name="newest"),
            Layout(self._foot(), size=4),
        )
        yield layout

    def _head(self) -> Panel:
        board = self._board
        seconds = time.monotonic() - self._begin_s
        latency = board.latency()
        text = Text.assemble(
            ("OmniRoute", "bold"),
            f" · a day at a contact centre · {seconds:.0f} s · {self.state}\n",
            (f"{board.records:,}", "bold"),
            " events of ",
            (f"{len(board.customers):,}", "bold"),
            f" customers, {len(board.languages)} languages · decided in ",
            (f"{latency.p50:.0f} ms", "bold"),
            " (p50), ",
            (f"{latency.p99:.0f} ms", "bold"),
            " (p99)",
        )
        return Panel(text, border_style="bold blue")

    def _came_in(self) -> Table:
        return _rows((CAME.get(name, name), n) for name, n in self._board.sent.most_common())

    def _went(self) -> Table:
        board = self._board
        rows = [(_MEANING[action], n) for action, n in board.actions.most_common()]
        rows += [(f"changed later: {cause}", n) for cause, n in board.revised.most_common(3)]
        if board.postponed:
            rows.append(("of the calls, held until the morning", board.postponed))
        return _rows(rows)

    def _mood(self) -> Table:
        board = self._board
        scored = sum(n for label, n in board.labels.items() if label is not Label.UNSCORED)
        table = _rows((MOODS.get(label, label), n) for label, n in board.labels.most_common())
        if scored:
            table.add_row("mean, -1 to 1", f"{board.score_sum / scored:+.2f}")
        return table

    def _letters(self) -> Table:
        return _rows(self._board.letters.most_common(9))

    def _newest(self, most: int) -> Panel:
        table = Table.grid(padding=(0, 1))
        for ratio in (2, 4, 7):
            table.add_column(ratio=ratio, no_wrap=True, overflow="ellipsis")
        table.expand = True
        for latest in list(self._board.recent)[:most]:
            table.add_row(*_row(latest))
        return Panel(table, title="Where it went and why, newest first", border_style="blue")

    def _foot(self) -> Panel:
        where = self._addresses
        pages = " · ".join(f"{name} {url}" for name, url in where.pages.items())
        text = Text(f"pages: {pages}\nKafka {where.broker} · {where.redis} · Ctrl-C ends the day")
        return Panel(text, border_style="dim")


_FIGURE = 7
"""Characters of a figure below a million, commas included."""
_NARROW = 110
"""Columns below which the four panels stand two by two."""


def _rows(rows: Iterable[tuple[str, int]]) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    # A narrow screen cuts the words, never the figures.
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(justify="right", no_wrap=True, min_width=_FIGURE)
    for name, number in rows:
        table.add_row(str(name), f"{number:,}")
    return table


def _row(latest: Latest) -> tuple[Text, Text, Text]:
    decision = latest.decision
    who = Text(latest.who, style="bold")
    return who, Text(tell_way(decision), style=STYLES.get(decision.action, "")), Text(why(decision))


def tell_way(decision: Decision) -> str:
    """From where to where, in a few words."""
    if decision.type is DecisionType.CANCELLED:
        return f"{decision.from_channel} → cancelled"
    way = f"{decision.from_channel} → {WORDS[decision.action]} {decision.channel}"
    if decision.type is DecisionType.REVISED:
        way = f"changed: {way}"
    if decision.not_before is not None and decision.action is Action.CALLBACK:
        zone = ZoneInfo(decision.timezone or "UTC")
        way += f" from {decision.not_before.astimezone(zone):%H:%M} ({zone.key})"
    return way


def why(decision: Decision) -> str:
    """The reason: what changed it, the rule, the choice, and the channels not taken."""
    parts = []
    if decision.cause:
        parts.append(CAUSES.get(decision.cause, f"after {decision.cause}"))
    if decision.action is Action.STAY:
        parts.append("it has an owner")
    elif decision.action is Action.ATTACH:
        parts.append("somebody is about to call the customer anyway")
    elif decision.rule != ROOT and decision.cause not in FAILURES:
        parts.append(f"{decision.rule}: {decision.reason}" if decision.reason else decision.rule)
    elif decision.choice_source in CHOICES and decision.cause not in FAILURES:
        parts.append(CHOICES[decision.choice_source])
    parts += [f"not by {s.channel}: {SKIPS.get(s.why, s.why)}" for s in decision.skips]
    if decision.ask_for:
        parts.append(f"ask for the {' and '.join(decision.ask_for)}")
    return " · ".join(parts)


def tell_line(board: Board, seconds: float) -> str:
    """One line, for where there is no terminal."""
    latency = board.latency()
    actions = ", ".join(f"{n} {action}" for action, n in board.actions.most_common())
    return (
        f"{seconds:5.0f} s  {board.records} events in · {actions or 'no decision yet'} · "
        f"{sum(board.revised.values())} revised · {sum(board.letters.values())} dead letters · "
        f"p50 {latency.p50:.0f} ms, p99 {latency.p99:.0f} ms"
    )


def tell_newest(board: Board, most: int) -> list[str]:
    """The newest decisions as plain lines, oldest first."""
    chosen = [one for one in board.recent if one.decision.action is not Action.STAY][:most]
    return [
        f"         {one.who}: {tell_way(one.decision)} ({why(one.decision)})"
        for one in reversed(chosen)
    ]
