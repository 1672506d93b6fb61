"""A single Valkey that writes a log to its disk, and the three ways in which it may come back."""

from __future__ import annotations

import shutil
from typing import ClassVar

from tests.servers import ValkeyUnderTest

LOG = "appendonlydir"
KEPT = "appendonlydir-before"


class LastingValkey(ValkeyUnderTest):
    """With `appendonly yes`, as production has it: the last second may be lost at a kill."""

    name = "Valkey with a log"
    protocol_options: ClassVar[tuple[str, ...]] = (
        "--save",
        "",
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
    )

    def keep(self) -> None:
        """Copy the log as it is now, to come back with it later."""
        shutil.rmtree(self.folder / KEPT, ignore_errors=True)
        shutil.copytree(self.folder / LOG, self.folder / KEPT)

    def lose_log(self) -> None:
        """The disk is gone; what starts again is empty."""
        shutil.rmtree(self.folder / LOG)

    def go_back(self) -> None:
        """Put the kept copy in the place of the log."""
        self.lose_log()
        (self.folder / KEPT).rename(self.folder / LOG)
