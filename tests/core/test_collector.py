"""The garbage collector has nothing to do with customers, decisions and remembered words: docs/adr/0081."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import ModuleType

import msgspec
import pytest

from services.contact import decision, event, sentiment
from services.router.core import customer
from services.sentiment.core import words


def list_structs(module: ModuleType) -> Iterator[type[msgspec.Struct]]:
    """Those that the module itself defines."""
    for thing in vars(module).values():
        is_struct = isinstance(thing, type) and issubclass(thing, msgspec.Struct)
        if is_struct and thing.__module__ == module.__name__:
            yield thing


@pytest.mark.parametrize("module", [customer, decision, event, sentiment, words])
def test_no_struct_of_a_message_a_state_or_a_word_is_tracked(module: ModuleType) -> None:
    """Law: all are frozen, and none is known to the collector."""
    structs = list(list_structs(module))
    assert structs
    assert [one.__name__ for one in structs if one.__struct_config__.gc] == []
    assert [one.__name__ for one in structs if not one.__struct_config__.frozen] == []


def test_a_remembered_customer_leaves_nothing_to_collect() -> None:
    """Law: neither the state nor its tuples are looked at again after the first time."""
    contacts = tuple(customer.Contact(id=str(n)) for n in range(3))
    held = customer.unpack(customer.pack(customer.Customer(id="c1", contacts=contacts)))
    gc.collect()
    assert not gc.is_tracked(held)
    assert not gc.is_tracked(held.contacts)
