"""What each slice of a batch may still give to queues with a limit: `at_most` of a rule file.

A lane has a fixed part of each limit, all lanes together the whole of it, so no worker ever asks
another. What was given stands in the markers of `contact.memory`, per partition, and moves with
the lane; what a slice was allowed stands in its marker too, so the batch can be folded again.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from services.router.core.capacity import Usage, list_accounts, share_of_lane
from services.router.core.customer import Customer
from services.router.core.table import Queue
from services.router.folding import Folded, Judge, fold
from services.router.hearing import Part
from services.router.marker import Seat
from services.runtime.lane import Opening


class Ration(msgspec.Struct, frozen=True):
    """What one slice was allowed, and what its partition has used after it; by account."""

    allowed: Mapping[str, int] = {}
    used: Mapping[str, Usage] = {}


NOTHING_LIMITED = Ration()


class Rations:
    """Of one batch: the slices are folded one after the other and take from one share."""

    def __init__(
        self, limits: Mapping[str, Queue], opening: Opening, seats: Mapping[int, Seat], now: int
    ) -> None:
        """`seats` are those of the whole lane, of partitions without a slice too."""
        self._now = now
        self._seats = seats
        self._windows = {
            account: queue.window_ms
            for queue in limits.values()
            for account in list_accounts(queue.name)
        }
        shares = {
            account: share_of_lane(
                queue.at_most,
                queue=queue.name,
                lane=opening.lane,
                lanes=opening.lanes,
                partitions=opening.partition_count,
            )
            for queue in limits.values()
            for account in list_accounts(queue.name)
        }
        self._left = {account: share - self._spent(account) for account, share in shares.items()}
        self.made: dict[int, Ration] = {}
        """What the markers of the folded slices are to say, by partition."""

    def fold(self, part: Part, known: Mapping[str, Customer | None], judge: Judge) -> Folded:
        """Fold a slice within what is left; what it gives is gone for the slices after it."""
        allowed = {account: max(0, left) for account, left in self._left.items()}
        folded = fold(part, known, judge, allowed)
        for account, given in folded.given.items():
            self._left[account] -= given
        self.made[part.partition] = Ration(allowed, self._add(part.partition, folded.given))
        return folded

    def _spent(self, account: str) -> int:
        window = self._windows[account]
        known = (seat.marker.used.get(account) for seat in self._seats.values())
        return sum(one.spent(self._now) for one in known if one and one.window_ms == window)

    def _add(self, partition: int, given: Mapping[str, int]) -> dict[str, Usage]:
        """The usage after the slice. One whose limit is gone stays until its window is over.

        One whose window is another one now begins anew, and says so by its window.
        """
        used = dict(self._seats[partition].marker.used)
        for account, window in self._windows.items():
            known = used.get(account)
            if known is None or known.window_ms != window:
                used[account] = Usage(window)
        after = {a: one.add(self._now, given.get(a, 0)) for a, one in used.items()}
        before = self._seats[partition].marker.used
        return {
            account: one
            for account, one in after.items()
            if one.counts or (account in before and account in self._windows)
        }
