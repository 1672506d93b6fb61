"""A replay as one page that needs nothing else: no network, no script; charts are inline SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from services.cli.explaining.telling import say_time
from services.cli.moments import moment_of
from services.cli.replaying.report import Limit, Line, Report, Row, Table2
from services.router.rules.showing import write_duration

MOST_LINES = 2_000
"""Decisions on the page; the exact list is `--list` or `--format json`."""
MOST_BARS = 14
WIDTH, TEXT, BAR, ROW = 480, 15, 9, 46
"""Of the charts: their width, the height of words and bars, and of each value with its gap."""
SHORT = 28
"""Characters of a label above a bar."""
FIGURES = frozenset({"decisions", "change", "share"})
"""Columns that stand to the right."""


def write_page(report: Report) -> str:
    """The whole page."""
    style = Path(__file__).with_name("page.css").read_text("utf-8")
    body = "\n".join(_body(report))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Replay: {report.changed:,} decisions change</title><style>\n{style}</style></head>"
        f"<body>\n{body}\n</body></html>\n"
    )


def _body(report: Report) -> Iterator[str]:
    share = report.changed / max(1, *report.decisions)
    verdict = f"{report.changed:,} decisions change" if report.changed else "No decision changes"
    yield f"<h1>{verdict}</h1>"
    yield (
        f'<p class="files">candidate <code>{escape(report.candidate[0])}</code> '
        f"({escape(report.candidate[1])}) against current <code>{escape(report.current[0])}</code> "
        f"({escape(report.current[1])})</p>"
    )
    yield f'<p class="soft files">{escape(report.source)}: {_say_inputs(report)}</p>'
    cards = [
        (f"{share:.2%}", "of all decisions change"),
        (f"{report.work:,}", "differ in what somebody does"),
        (f"{report.words:,}", "in rule or reason alone"),
        (f"{report.customers_changed:,}", f"customers, of {report.customers:,}"),
        (f"{report.at_once:,}", "change at once"),
        (f"{report.follows:,}", "follow from an earlier change"),
    ]
    yield '<div class="cards">'
    yield from (f'<div class="card"><b>{n}</b><span>{what}</span></div>' for n, what in cards)
    yield "</div>"
    yield from _warnings(report)
    if report.changed:
        yield f'<p class="soft">{escape(report.meaning)}</p>'
        for table in report.tables:
            yield from _section(table)
        yield from _limits(report.limits)
        yield from _list_changes(report.changes)


def _say_inputs(report: Report) -> str:
    rejected = f", {report.rejected:,} rejected" if report.rejected else ""
    before, after = report.decisions
    return (
        f"{report.inputs:,} inputs of {report.customers:,} customers{rejected}; "
        f"{before:,} decisions under current, {after:,} under candidate"
    )


def _warnings(report: Report) -> Iterator[str]:
    if report.incomplete:
        yield (
            f'<details class="warn"><summary>{len(report.incomplete):,} customers with incomplete '
            f"history; their {report.recorded:,} decisions were told from the recorded facts, "
            f"{report.undecided:,} could not be</summary><p>{escape(', '.join(report.incomplete))}"
            "</p></details>"
        )
    if report.approximate:
        yield (
            f'<p class="warn">{report.approximate:,} inputs whose recorded batch is gone, or that '
            "are not decided yet: their order and clock follow from append times.</p>"
        )


def _section(table: Table2) -> Iterator[str]:
    """One dimension: what is made of it in all, and what moves."""
    if table.name == "segment":
        rows = [row for row in table.rows if row.changed]
        if rows:
            yield "<h2>By segment</h2>"
            yield _rows(
                ("segment", "decisions", "change", "share"),
                ((row.value, f"{row.before:,}", f"{row.changed:,}", _percent(row)) for row in rows),
            )
        return
    if not table.moves:
        return
    yield f"<h2>By {table.name}</h2>"
    yield (
        '<p class="soft"><span class="key kb"></span>current'
        '<span class="key ka"></span>candidate</p>'
    )
    moved = {value for move in table.moves for value in (move.before, move.after)}
    rows = [row for row in table.rows if row.value in moved][:MOST_BARS]
    yield _draw_bars(rows, f"Decisions by {table.name}")
    yield _rows(
        ("from", "to", "decisions", "for instance"),
        (
            (move.before, move.after, f"{move.count:,}", ", ".join(i[:8] for i in move.samples))
            for move in table.moves
        ),
    )


def _percent(row: Row) -> str:
    return f"{row.changed / max(1, row.before):.1%}"


def _draw_bars(rows: list[Row], title: str) -> str:
    """A line of words for each value, and below it two bars, the current one above."""
    most = max((max(row.before, row.after) for row in rows), default=1) or 1
    parts = []
    for at, row in enumerate(rows):
        top = at * ROW
        label = row.value if len(row.value) <= SHORT else f"{row.value[: SHORT - 1]}…"
        parts.append(
            f"<g><title>{escape(row.value)}: {row.before:,} -&gt; {row.after:,}</title>"
            f'<text x="0" y="{top + TEXT}">{escape(label)}</text>'
            f'<text class="soft" x="{WIDTH}" y="{top + TEXT}" text-anchor="end">'
            f"{row.before:,} → {row.after:,} ({row.after - row.before:+,})</text>"
            f"{_bar('b', top + TEXT + 5, row.before / most)}"
            f"{_bar('a', top + TEXT + 5 + BAR, row.after / most)}</g>"
        )
    return (
        f'<svg viewBox="0 0 {WIDTH} {len(rows) * ROW}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def _bar(style: str, top: int, share: float) -> str:
    """A bar; what is there at all is seen."""
    if not share:
        return ""
    width = max(2.0, share * WIDTH)
    return f'<rect class="{style}" x="0" y="{top}" width="{width:.1f}" height="{BAR}" rx="2"/>'


def _limits(limits: tuple[Limit, ...]) -> Iterator[str]:
    if not limits:
        return
    yield "<h2>Queues with a limit</h2>"
    yield (
        '<p class="soft">Limits are not folded: they depend on all customers at once. This is the '
        "most that the decisions above would give within a window.</p>"
    )
    yield _rows(
        ("file", "queue", "at most", "would be given", "window ends"),
        (
            (
                one.side,
                one.queue if one.effect == "live" else f"{one.queue} (for show)",
                f"{one.at_most:,} in {write_duration(one.window_ms)}",
                f"{one.peak:,}{' over' if one.peak > one.at_most else ''}",
                say_time(moment_of(one.ends_at)),
            )
            for one in limits
        ),
    )


def _list_changes(changes: tuple[Line, ...]) -> Iterator[str]:
    yield "<h2>Every decision that changes</h2>"
    if len(changes) > MOST_LINES:
        yield (
            f'<p class="warn">The first {MOST_LINES:,} of {len(changes):,}; all of them: '
            "<code>--list</code> or <code>--format json</code>.</p>"
        )
    yield f"<details><summary>{min(len(changes), MOST_LINES):,} decisions</summary>"
    yield _rows(
        ("decision", "current", "candidate", "why"),
        (
            (one.decision_id, one.before, one.after, f"{one.why}; customer {one.customer}")
            for one in changes[:MOST_LINES]
        ),
        style="stack",
    )
    yield "</details>"


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], style: str = "") -> str:
    """A table; cells of figures stand to the right."""

    def cell(tag: str, at: int, text: str) -> str:
        style = ' class="n"' if head[at] in FIGURES else ""
        return f"<{tag}{style}>{escape(text)}</{tag}>"

    lines = ["".join(cell("td", at, text) for at, text in enumerate(row)) for row in rows]
    titles = "".join(cell("th", at, text) for at, text in enumerate(head))
    return (
        f'<div class="scroll"><table class="{style}"><thead><tr>{titles}</tr></thead><tbody>'
        + "".join(f"<tr>{line}</tr>" for line in lines)
        + "</tbody></table></div>"
    )
