"""Which addresses are ours: agents and machines write from them, customers do not."""

from __future__ import annotations

from collections.abc import Sequence


def is_ours(address: str, ours: Sequence[str]) -> bool:
    """Whether a bare lower-case address is one of ours.

    `ours` holds lower-case addresses and domains (`example.com`, also `@example.com`). A
    domain fits itself only, not its subdomains. `help+42@example.com` is `help@example.com`.
    """
    if not address:
        return False
    if address in ours:
        return True
    local, at, domain = address.rpartition("@")
    if not at:
        return False
    if domain in ours or "@" + domain in ours:
        return True
    plus = local.find("+")
    return plus > 0 and f"{local[:plus]}@{domain}" in ours
