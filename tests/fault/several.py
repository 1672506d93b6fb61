"""Servers that begin and end together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self


class Several(ABC):
    """Begun when the block is entered; ended with it, and also where the beginning fails."""

    @abstractmethod
    def begin(self) -> None:
        """Start all; they can be used afterwards."""

    @abstractmethod
    def close(self) -> None:
        """End all."""

    def __enter__(self) -> Self:
        try:
            self.begin()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
