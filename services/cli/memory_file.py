"""What is remembered, in a file: `{"clock": ms}`, then `{"id", "state": base64}` a line."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
import orjson

from services.router.core.customer import Customer, FormatUnknownError, pack, unpack


class Broken(Exception):  # noqa: N818  # what is broken is the file
    """A memory file that cannot be used; says where and why."""


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    clock: int | None


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    state: bytes
    """msgspec reads base64."""


_HEAD = msgspec.json.Decoder(_Head)
_KEPT = msgspec.json.Decoder(_Kept)


def load(name: str) -> tuple[int | None, dict[str, Customer]]:
    """The clock and the customers by id; nothing at all without a name or a file.

    Raises:
        Broken: a line is not what `save` writes, or of another state format.
        OSError: the file cannot be read.
    """
    path = Path(name)
    if not name or not path.exists():
        return None, {}
    customers: dict[str, Customer] = {}
    clock: int | None = None
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            if number == 1:
                clock = _HEAD.decode(line).clock
                continue
            kept = _KEPT.decode(line)
            customers[kept.id] = unpack(kept.state)
        except (msgspec.DecodeError, FormatUnknownError) as broken:
            raise Broken(f"{name}:{number}: {broken}") from broken
    return clock, customers


def save(name: str, clock: int | None, customers: Mapping[str, Customer]) -> None:
    """Replace the file as a whole; nothing without a name.

    Raises:
        OSError: it cannot be written; the old file is still there then.
    """
    if not name:
        return
    lines = [orjson.dumps({"clock": clock})]
    for identity, customer in sorted(customers.items()):
        state = base64.b64encode(pack(customer)).decode()
        lines.append(orjson.dumps({"id": identity, "state": state}))
    path = Path(name)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(b"\n".join(lines) + b"\n")
    os.replace(fresh, path)  # noqa: PTH105  # the one that is known to be atomic
