"""Runs a module of ours and counts its objects when asked: `python -m bench.counted FILE MODULE`.

SIGUSR1 collects the rubbish and writes to FILE how many objects the collector knows and of which types
they are most. Objects that were frozen at the start (`gc.freeze`) are not counted: they do not grow.
"""

from __future__ import annotations

import gc
import json
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path

MOST = 500


def write_count(into: Path) -> None:
    """Count now; the file appears whole."""
    gc.collect()
    objects = gc.get_objects()
    types = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in objects)
    told = {"objects": len(objects), "types": dict(types.most_common(MOST))}
    fresh = into.with_suffix(".new")
    fresh.write_text(json.dumps(told), "utf-8")
    fresh.replace(into)


def main() -> None:
    """Run the module as if it had been started alone."""
    into, module = Path(sys.argv[1]), sys.argv[2]
    signal.signal(signal.SIGUSR1, lambda *_: write_count(into))
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
