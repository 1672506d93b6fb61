"""The page about one round: a timeline of faults, throughput and lag, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape

from tests.fault.ledger import Line, find_quantile
from tests.fault.round import Result
from tests.fault.scene import Row

WIDTH, LEFT, RIGHT = 1100, 200, 20
LANE_PX, PLOT_PX = 18, 120
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1140px;padding:0 1rem;
color:#1c2430;background:#fff}h1{font-size:1.4rem;margin:.2rem 0}h2{font-size:1.05rem;margin:1.4rem 0 .4rem}
.good{color:#11683a}.bad{color:#b3261e}table{border-collapse:collapse}
td,th{padding:.15rem .9rem .15rem 0;text-align:left;vertical-align:top}td.n{text-align:right;
font-variant-numeric:tabular-nums}pre{background:#f4f6f8;padding:.8rem;white-space:pre-wrap;font-size:13px}
svg{width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#445}.g{stroke:#d8dde3}
.f{fill:#c2410c}.t{fill:none;stroke:#1d4ed8;stroke-width:1.5}.l{fill:none;stroke:#7c3aed;stroke-width:1.5}
@media(prefers-color-scheme:dark){body{background:#14181d;color:#dde3ea}pre{background:#1e242b}
svg text{fill:#aab4c0}.g{stroke:#38414b}.good{color:#5fd38d}.bad{color:#ff8a80}
.t{stroke:#7aa2ff}.l{stroke:#b79cff}.f{fill:#fb923c}}
"""


def draw(row: Row, line: Line, result: Result) -> str:
    """The page; it needs nothing from outside of itself."""
    told = "all promises kept" if result.kept else "broken"
    kind = "good" if result.kept else "bad"
    wrong = "".join(f"<li class=bad>{escape(one)}</li>" for one in result.wrong)
    notes = "".join(f"<li>{escape(one)}</li>" for one in result.notes)
    facts = (
        f"{escape(line.at)} · commit {escape(line.commit)} · seed {line.seed} · "
        f"{escape(line.broker)} · {line.seconds:,.0f} s · {line.events:,} events"
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Row {row.number}: {told}</title>"
        f"<meta name=viewport content='width=device-width'><style>{STYLE}</style>"
        f"<h1>Row {row.number}: {escape(row.title)}: <span class={kind}>{told}</span></h1>"
        f"<p>{escape(line.scene)} · {facts}</p><ul>{wrong}{notes}</ul>"
        f"<h2>Timeline</h2>{_draw_timeline(result)}"
        f"<h2>Faults</h2><table>{''.join(_rows(line.faults.items()))}</table>"
        f"{_draw_measured(row, line)}"
        f"<h2>The judge</h2><pre>{escape(result.verdict)}</pre>"
        f"<p>Again: <code>{escape(_tell_again(row, line))}</code></p></html>\n"
    )


def _rows(items: object) -> Iterator[str]:
    assert hasattr(items, "__iter__")
    for name, count in items:
        yield f"<tr><td class=n>{count:,}<td>{escape(name)}"


def _tell_again(row: Row, line: Line) -> str:
    scene = f" ARGS='--scene \"{line.scene}\"'" if len(row.scenes) > 1 else ""
    return f"make chaos ROW={row.number} SEED={line.seed} BUDGET=1s{scene}"


def _draw_measured(row: Row, line: Line) -> str:
    if not line.measured:
        return ""
    head = "".join(
        f"<th>{name}" for name in ("what", "count", "median", "p99", "longest", "allowed")
    )
    return f"<h2>Measured</h2><table><tr>{head}{''.join(_measures(row, line))}</table>"


def _measures(row: Row, line: Line) -> Iterator[str]:
    for name, times in line.measured.items():
        limit = row.limits.get(name)
        cells = "".join(f"<td class=n>{find_quantile(times, q):.2f} s" for q in (0.5, 0.99, 1.0))
        allowed = "" if limit is None else f"{limit.seconds:.0f} s"
        if limit is not None and limit.quantile < 1:
            allowed = f"p{limit.quantile * 100:.0f} {allowed}, over all runs"
        yield f"<tr><td>{escape(name)}<td class=n>{len(times)}{cells}<td>{allowed}"


def _draw_timeline(result: Result) -> str:
    marks = [s.at_ms for s in result.samples] + [s.healed_ms for s in result.struck]
    if not marks:
        return "<p>Nothing was seen.</p>"
    begin, end = min(marks), max(marks) + 1
    kinds = sorted({struck.nemesis for struck in result.struck})

    def across(at_ms: float) -> float:
        return LEFT + (at_ms - begin) / (end - begin) * (WIDTH - LEFT - RIGHT)

    parts = [_draw_fault_lanes(result, kinds, across)]
    top = 10 + LANE_PX * len(kinds) + 25
    rates = [
        (b.at_ms, max(0.0, (b.decisions - a.decisions) / ((b.at_ms - a.at_ms) / 1000)))
        for a, b in zip(result.samples, result.samples[1:], strict=False)
        if b.at_ms > a.at_ms
    ]
    lags = [(one.at_ms, float(one.lag)) for one in result.samples if one.lag is not None]
    for name, points, css in (("decisions a second", rates, "t"), ("events that wait", lags, "l")):
        parts.append(_draw_plot(name, points, (top, css), across))
        top += PLOT_PX + 25
    parts.append(_draw_seconds((end - begin) / 1000, top - 5))
    return f"<svg viewBox='0 0 {WIDTH} {top + 15}' role=img>{''.join(parts)}</svg>"


def _draw_fault_lanes(
    result: Result, kinds: Sequence[str], across: Callable[[float], float]
) -> str:
    parts = []
    for place, kind in enumerate(kinds):
        y = 10 + LANE_PX * place
        parts.append(f"<text x=0 y={y + 12}>{escape(kind)}</text>")
        parts.append(f"<line class=g x1={LEFT} x2={WIDTH - RIGHT} y1={y + 15} y2={y + 15} />")
        for struck in result.struck:
            if struck.nemesis == kind:
                x = across(struck.began_ms)
                wide = max(2.0, across(struck.healed_ms) - x)
                told = f"{struck.what}, {(struck.healed_ms - struck.began_ms) / 1000:.1f} s"
                parts.append(
                    f"<rect class=f x={x:.1f} y={y + 3} width={wide:.1f} height=11 opacity=.75>"
                    f"<title>{escape(told)}</title></rect>"
                )
    return "".join(parts)


def _draw_plot(
    name: str,
    points: Sequence[tuple[int, float]],
    look: tuple[int, str],
    across: Callable[[float], float],
) -> str:
    top, css = look
    most = max((value for _, value in points), default=0.0) or 1.0
    bottom = top + PLOT_PX
    line = " ".join(
        f"{across(at):.1f},{bottom - value / most * PLOT_PX:.1f}" for at, value in points
    )
    return (
        f"<text x=0 y={top + 12}>{escape(name)}</text><text x=0 y={top + 30}>most {most:,.0f}</text>"
        f"<line class=g x1={LEFT} x2={WIDTH - RIGHT} y1={bottom} y2={bottom} />"
        f"<polyline class={css} points='{line}' />"
    )


def _draw_seconds(seconds: float, y: int) -> str:
    step = next((s for s in (10, 30, 60, 120, 300, 600) if seconds / s <= 12), 1200)
    width = WIDTH - LEFT - RIGHT
    return "".join(
        f"<text x={LEFT + at / seconds * width:.1f} y={y}>{at} s</text>"
        for at in range(0, int(seconds) + 1, step)
    )
