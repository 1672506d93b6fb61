"""Where the default rule file is, in a clone and in an installed package; and reading a file.

The only file of this room that touches the disk.
"""

from __future__ import annotations

import sys
from pathlib import Path

DEFAULT_FILE = "routing.yaml"
STANDARD_INPUT = "-"
_BESIDE = Path(__file__).parent
_CLONE = _BESIDE.parents[2]


def find_default() -> Path:
    """The packaged rule file: beside this module in a wheel, `deploy/rules/` in a clone.

    Raises:
        FileNotFoundError: the installation is not complete.
    """
    places = (_BESIDE / DEFAULT_FILE, _CLONE / "deploy" / "rules" / DEFAULT_FILE)
    for place in places:
        if place.is_file():
            return place
    raise FileNotFoundError(f"no default rule file; looked for {' and '.join(map(str, places))}")


def read_text(name: str = "") -> tuple[str, str]:
    """The name to show and the text of a rule file; the default without a name, `-` is stdin.

    Of a rules directory (`docs/live-rules.md`) it is the live file.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    if name == STANDARD_INPUT:
        return "<stdin>", sys.stdin.buffer.read().decode("utf-8")
    path = Path(name) if name else find_default()
    if path.is_dir():
        live = path / "live" / DEFAULT_FILE
        path = live if live.exists() else path / DEFAULT_FILE
    return str(path), path.read_bytes().decode("utf-8")
