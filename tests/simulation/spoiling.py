"""Imports modules with a mistake in them; nothing on disk changes."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType

from tests.simulation.mutants import MUTANTS, Change


class _Loader(importlib.machinery.SourceFileLoader):
    changes: Sequence[Change] = ()

    def get_code(self, fullname: str) -> CodeType:
        source = self.get_data(self.path).decode()
        for _, old, new in self.changes:
            if source.count(old) != 1:
                raise SystemExit(f"{fullname} holds {old!r} {source.count(old)} times, not once")
            source = source.replace(old, new)
        return compile(source, self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        changes = [change for change in self._changes if change[0] == fullname]
        if not changes:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        spec.loader = _Loader(fullname, spec.origin)
        spec.loader.changes = changes
        return spec


def spoil(name: str) -> None:
    """Make one mistake in this process; before the spoiled modules are imported."""
    (mutant,) = (one for one in MUTANTS if one.name == name)
    early = {module for module, _, _ in mutant.changes} & sys.modules.keys()
    if early:
        raise SystemExit(f"too late to change {', '.join(sorted(early))}")
    sys.meta_path.insert(0, _Finder(mutant.changes))


def read_source(module: str) -> str:
    """The source of a module as it stands."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text("utf-8")
