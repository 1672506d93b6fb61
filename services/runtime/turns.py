"""Who may work now: many lanes at a time, or one alone.

A death is blamed on the lane that said it was at work. While one does, no other lane of the process
may be.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Shared by the lanes of a process."""

    def __init__(self) -> None:
        self.process = uuid.uuid4().hex[:12]
        """A word for this process, that no other has."""
        self._many = 0
        self._alone = False
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Work beside others, once nobody works alone."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._alone)
            self._many += 1
        try:
            yield
        finally:
            self._many -= 1
            await self._tell()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Work while nobody else does."""
        async with self._changed:
            await self._changed.wait_for(lambda: not (self._alone or self._many))
            self._alone = True
        try:
            yield
        finally:
            self._alone = False
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
