"""The terminal view of the day: what came in, where it went and why."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

import msgspec
from rich.console import Console, ConsoleOptions, RenderResult
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from services.cli.day.board import Board, Latest
from services.contact.decision import Action, Decision, DecisionType
from services.contact.sentiment import Label

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
        self.state = "the day begins"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A screen full: figures above, the newest decisions below."""
        height = options.height or console.height
        layout = Layout()
        layout.split_column(
            Layout(self._head(), size=3),
            Layout(name="figures", size=12),
            Layout(self._newest(max(3, height - 20)), name="newest"),
            Layout(self._foot(), size=4),
        )
        layout["figures"].split_row(
            Layout(Panel(self._came_in(), title="What came in", border_style="blue")),
            Layout(Panel(self._went(), title="What became of it", border_style="blue"), ratio=2),
            Layout(Panel(self._mood(), title="Mood", border_style="blue")),
            Layout(Panel(self._letters(), title="Dead letters", border_style="blue")),
        )
        yield layout

    def _head(self) -> Panel:
        board = self._board
        seconds = time.monotonic() - self._begin_s
        latency = board.latency()
        text = Text.assemble(
            ("OmniRoute ", "bold"),
            f"a day at a contact centre, played at speed · {seconds:.0f} s · {self.state} · "
            f"{board.records:,} events of {len(board.customers):,} customers · decided within ",
            (f"{latency.p50:.0f} ms", "bold"),
            " (half), ",
            (f"{latency.p99:.0f} ms", "bold"),
            " (99 of 100)",
        )
        return Panel(text, border_style="bold blue")

    def _came_in(self) -> Table:
        return _rows((name, n) for name, n in self._board.sent.most_common())

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
        table = _rows((label.value, n) for label, n in board.labels.most_common())
        if scored:
            table.add_row("mean, -1 to 1", f"{board.score_sum / scored:+.2f}")
        return table

    def _letters(self) -> Table:
        return _rows(self._board.letters.most_common(9))

    def _newest(self, most: int) -> Panel:
        table = Table.grid(padding=(0, 1))
        for ratio in (2, 3, 4):
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


def _rows(rows: Iterable[tuple[str, int]]) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right")
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
        way += f" from {decision.not_before:%H:%M} UTC"
    return way


def why(decision: Decision) -> str:
    """The reason, with the rule's name, and what was not taken."""
    text = f"{decision.rule}: {decision.reason}" if decision.reason else decision.rule
    if decision.rule == "default" and decision.choice_source:
        text = f"channel: {decision.choice_source}" + (
            f", {decision.reason}" * bool(decision.reason)
        )
    skips = ", ".join(f"not {s.channel} ({s.why})" for s in decision.skips)
    cause = f"after {decision.cause} · " if decision.cause else ""
    return cause + text + (f" · {skips}" if skips else "")


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
