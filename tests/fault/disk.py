"""A small file system in memory that can be full; only root can mount one."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path


def can_mount() -> bool:
    """May we?"""
    return os.geteuid() == 0


class Disk:
    """A tmpfs on a folder."""

    def __init__(self, folder: Path, size_mib: int) -> None:
        """Mount it; raises CalledProcessError where the machine does not let us."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        words = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "omniroute", str(folder)]
        subprocess.run(words, check=True, capture_output=True)
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Until nothing fits any more."""
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while True:
                ballast.write(b"\x00" * 4_096)

    def free(self) -> None:
        """Make room again."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it, also where somebody still writes to it."""
        subprocess.run(["umount", "-l", str(self.folder)], check=False, capture_output=True)
