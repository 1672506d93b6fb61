"""The process that reads and checks rule files: `python -m services.router.live.child`.

Reading 500 rules takes longer than a lane may stand still, most of it inside one call that holds
the interpreter. So it is done in another one; what comes back is the checked tree, which a thread
compiles in small steps. The child ends when its input ends, that is with the router.

A message is 4 bytes of length, big endian, and that many bytes: to the child msgpack, from it a
pickle (it is this program on this machine that wrote it).
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import sys
from collections.abc import Sequence
from typing import BinaryIO

import msgspec

from services.router.live.checking import Checked, check
from services.router.live.directory import RuleText

WITHIN_S = 60.0
"""A rule file that takes longer is refused."""
_LENGTH = 4


class CheckFailedError(Exception):
    """The child died, or took too long; the text says which."""


class CheckingChild:
    """Starts the child when it is needed; use it from one task at a time."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def check(self, files: Sequence[RuleText]) -> bytes:
        """The pickled `list[Checked]` of these files, one for each. Raises `CheckFailedError`."""
        try:
            async with asyncio.timeout(WITHIN_S):
                return await self._ask(msgspec.msgpack.encode(files))
        except (OSError, EOFError, TimeoutError) as error:
            await self.close()
            what = "took too long" if isinstance(error, TimeoutError) else "died"
            raise CheckFailedError(f"the process that checks rule files {what}") from error
        except asyncio.CancelledError:
            await self.close()  # half a message would be in the pipe
            raise

    async def close(self) -> None:
        """End the child, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def _ask(self, message: bytes) -> bytes:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", __name__),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        if process.stdin is None or process.stdout is None:  # pragma: no cover - they are pipes
            raise EOFError
        process.stdin.write(len(message).to_bytes(_LENGTH, "big") + message)
        await process.stdin.drain()
        length = int.from_bytes(await process.stdout.readexactly(_LENGTH), "big")
        return await process.stdout.readexactly(length)


def read_answer(answer: bytes) -> list[Checked]:
    """What the child found."""
    checked: list[Checked] = pickle.loads(answer)  # noqa: S301 - our own child wrote it
    return checked


def serve(inbox: BinaryIO, outbox: BinaryIO) -> None:
    """Check what comes in until the input ends."""
    while len(head := inbox.read(_LENGTH)) == _LENGTH:
        raw = inbox.read(int.from_bytes(head, "big"))
        files = msgspec.msgpack.decode(raw, type=list[RuleText])
        answer = pickle.dumps([check(file) for file in files])
        outbox.write(len(answer).to_bytes(_LENGTH, "big") + answer)
        outbox.flush()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer)
