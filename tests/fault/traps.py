"""Where in a conversation a connection is cut.

Traps look into the stream: they know where Kafka's requests begin and which reply belongs to which
request (by correlation id), and find words in Redis's commands.
"""

from __future__ import annotations

import struct
import threading

BEFORE_REQUEST = "before a request"
AFTER_REQUEST = "after a request"
BEFORE_REPLY = "before a reply"
WITHIN_REPLY = "within a reply"
AFTER_REPLY = "after a reply"
PLACES = (BEFORE_REQUEST, AFTER_REQUEST, BEFORE_REPLY, WITHIN_REPLY, AFTER_REPLY)


class Trap:
    """Cuts one connection at one place of the conversation, once."""

    def __init__(
        self,
        place: str,
        *,
        apis: tuple[int, ...] = (),
        words: tuple[bytes, ...] = (),
        reset: bool = False,
    ) -> None:
        """`apis` are keys of Kafka's requests, `words` parts of a command; none: the next one."""
        assert place in PLACES
        self.place = place
        self.apis = apis
        self.words = words
        self.reset = reset
        self.sprung = threading.Event()

    def wants(self, data: bytes, frames: list[tuple[int, int]]) -> int | None:
        """The correlation id of a request that it waits for (0 for Redis); None if none is here."""
        if self.words:
            return 0 if any(word in data for word in self.words) else None
        found = [ident for api, ident in frames if not self.apis or api in self.apis]
        return found[0] if found else None


class Frames:
    """Finds where Kafka's requests or replies begin in a stream of bytes."""

    def __init__(self, *, requests: bool) -> None:
        self._head = struct.Struct(">ihhi" if requests else ">ii")
        self._left = 0
        self._begun = b""

    def feed(self, data: bytes) -> list[tuple[int, int]]:
        """(api key, correlation id) of each request, (0, correlation id) of each reply."""
        found: list[tuple[int, int]] = []
        data, self._begun = self._begun + data, b""
        while data:
            if self._left:
                skipped = min(self._left, len(data))
                self._left -= skipped
                data = data[skipped:]
            elif len(data) < self._head.size:
                self._begun, data = data, b""
            else:
                size, *middle, ident = self._head.unpack_from(data)
                found.append((middle[0] if middle else 0, ident))
                # Never below the head: what is no Kafka at all must not keep us here.
                self._left = max(size + 4, self._head.size)
        return found
