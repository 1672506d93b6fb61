"""Laws of docs/operations.md: it names every setting, exit code and metric of the code, and no other."""

from __future__ import annotations

import importlib
import re

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from services.router.memory import MemoryCounts
from services.router.metrics import Metrics
from services.router.settings import OWN
from services.runtime.lane import EXIT_CODES
from services.runtime.lane_metrics import HELP
from services.runtime.settings import VARIABLES
from services.sentiment.metrics import SentimentMetrics
from services.sentiment.settings import OWN as OWN_OF_SENTIMENT
from tests import machine

PAGE = (machine.CLONE / "docs" / "operations.md").read_text("utf-8")
SUFFIX = {"counter": "_total", "info": "_info"}


def read_table(name: str) -> list[list[str]]:
    """The cells of the table between two marks of the page, without its head."""
    part = PAGE.split(f"<!-- {name} -->")[1].split("<!-- end -->")[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]


def test_every_setting_stands_on_the_page_with_its_default() -> None:
    """Law: who reads the page knows every variable and what it is without him."""
    wanted = [[v.name, v.default] for v in (*VARIABLES, *OWN, *OWN_OF_SENTIMENT)]
    assert [row[:2] for row in read_table("settings")] == wanted


def test_every_exit_code_stands_on_the_page() -> None:
    """Law: each way to end has a line that says what to do."""
    rows = read_table("exit codes")
    assert {row[1]: int(row[0]) for row in rows if row[1]} == EXIT_CODES
    assert all(row[2] and row[3] for row in rows if row[1])


def test_every_metric_stands_on_the_page_with_its_type() -> None:
    """Law: dashboards are built from the page; it lists what /metrics shows and nothing else."""
    registry = CollectorRegistry()
    SentimentMetrics(registry)
    families = [*Metrics(MemoryCounts()).registry.collect(), *registry.collect()]
    wanted = {f.name + SUFFIX.get(f.type, ""): f.type for f in families}
    wanted |= dict.fromkeys(HELP, "gauge")
    wanted |= {f"omniroute_{service}_build_info": "info" for service in ("router", "sentiment")}
    assert {row[0]: row[1] for row in read_table("metrics")} == wanted


def test_every_metric_name_keeps_the_conventions() -> None:
    """Law: our prefix, and no total that is not a counter."""
    for name, kind, *_ in read_table("metrics"):
        assert re.fullmatch(r"omniroute_[a-z_]+", name)
        assert name.endswith("_total") == (kind == "counter")


ALARMS = sorted(set(re.findall(r"`(omniroute_[a-z_]+)[`{]", PAGE.split("alarmed by")[1])))


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_uses_a_metric_that_there_is(name: str) -> None:
    """Law: no alarm waits for a figure that nobody publishes."""
    assert name in {row[0] for row in read_table("metrics")}


def test_every_bound_on_the_page_is_the_code_s() -> None:
    """Law: what the page says is the most is what the code holds; it names the place."""
    defaults = {v.name: v.default for v in (*VARIABLES, *OWN)}
    rows = read_table("bounds")
    assert rows
    for what, most, _, place in rows:
        module, _, name = place.partition(" ")
        found = defaults.get(module) if not name else find_value(module, name)
        assert str(found) == most.replace(",", ""), what
    for what, seconds, place, *_ in read_table("waits"):
        module, _, name = place.partition(" ")
        held = defaults.get(module) if not name else find_value(module, name)
        assert float(str(held)) == float(seconds), what


def find_value(module: str, name: str) -> object:
    """A constant of a module, or the default of a field of one of its structs."""
    owner: object = importlib.import_module(module)
    holder, _, field = name.partition(".")
    found = getattr(owner, holder)
    return {f.name: f.default for f in msgspec.structs.fields(found)}[field] if field else found
