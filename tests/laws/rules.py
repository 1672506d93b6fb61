"""The default rules, loaded once for all laws."""

from __future__ import annotations

from pathlib import Path

from services.router.core.table import Table
from services.router.rules.file import load_table

_RULES = Path(__file__).parents[2] / "deploy" / "rules" / "routing.yaml"
_loaded = load_table(_RULES.read_text("utf-8"), _RULES.name)
if not isinstance(_loaded, Table):
    raise TypeError(_loaded)
TABLE: Table = _loaded
