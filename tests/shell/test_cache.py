"""The cache of customers: it holds what was put last, or nothing, and never more than it may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.router.cache import LEAST_WEIGHT, MEMORY_PER_BYTE, Cache
from services.router.core.customer import Customer, pack

MIB = 1 << 20


def make(name: str, version: int) -> Customer:
    """Some customer; versions differ in size."""
    return Customer(id=name, seen=bytes(8 * version), profile_at=version)


def put(cache: Cache, customer: Customer) -> None:
    """As the memory does it."""
    cache.put(0, customer.id, customer, len(pack(customer)))


STEPS = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(-1, 40), st.booleans()), max_size=60
)


@given(STEPS, st.integers(0, 5), st.sampled_from([0, 2_000, 9_000, MIB]))
def test_it_says_what_was_put_last_or_nothing(
    steps: list[tuple[str, int, bool]], entries: int, size: int
) -> None:
    """Against a dict that forgets nothing; -1 is a customer of whom nothing is remembered."""
    cache, truth = Cache(entries, size), dict[str, Customer | None]()
    for name, version, reads in steps:
        if reads:
            known, customer = cache.get(0, name)
            assert not known or (name in truth and customer == truth[name])
            assert cache.get(1, name) == (False, None)
        elif version < 0:
            cache.put(0, name, None, 0)
            truth[name] = None
        else:
            put(cache, make(name, version))
            truth[name] = make(name, version)
        assert len(cache) <= entries


def test_the_least_recently_used_goes_first_by_weight() -> None:
    """Law: what is read stays, what was put before it and not read goes, and hits and misses are counted."""
    weight = LEAST_WEIGHT + MEMORY_PER_BYTE * len(pack(make("c0", 30)))
    cache = Cache(1000, 3 * weight)
    for n in range(3):
        put(cache, make(f"c{n}", 30))
    assert cache.get(0, "c0") == (True, make("c0", 30))
    put(cache, make("c3", 30))
    assert cache.get(0, "c1") == (False, None)
    assert cache.get(0, "c0") == (True, make("c0", 30))
    assert (len(cache), cache.hits, cache.misses) == (3, 2, 1)


def test_a_cache_of_no_size_holds_nothing() -> None:
    """`OMNIROUTE_CACHE_MIB=0` asks Redis for every customer."""
    for cache in (Cache(0, 0), Cache(10, 0), Cache(0, MIB)):
        put(cache, make("a", 1))
        assert cache.get(0, "a") == (False, None)
