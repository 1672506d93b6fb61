"""The cache of customers: it holds what was put last, or nothing, and never more than it may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.router.cache import LEAST_WEIGHT, MEMORY_PER_BYTE, PACKED_WEIGHT, Cache
from services.router.core.customer import Customer, pack

MIB = 1 << 20


def make(name: str, version: int) -> Customer:
    """Some customer; versions differ in size."""
    return Customer(id=name, seen=bytes(8 * version), profile_at=version)


def put(cache: Cache, customer: Customer) -> None:
    """As the memory does it."""
    cache.put(0, customer.id, customer, pack(customer))


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
            cache.put(0, name, None, None)
            truth[name] = None
        else:
            put(cache, make(name, version))
            truth[name] = make(name, version)
        assert len(cache) <= entries


def test_who_was_here_a_while_ago_is_kept_packed() -> None:
    """Where one object fits, a dozen others are still known, unlike the oldest."""
    size = len(pack(make("c10", 30)))
    object_weight = LEAST_WEIGHT + (1 + MEMORY_PER_BYTE) * size
    cache = Cache(1000, 2 * object_weight)
    fit = object_weight // (PACKED_WEIGHT + size)
    assert fit > 2
    for n in range(40):
        put(cache, make(f"c{n:02}", 30))
    assert len(cache) == 1 + fit
    assert cache.get(0, "c00") == (False, None)
    assert cache.get(0, f"c{39 - fit:02}") == (True, make(f"c{39 - fit:02}", 30))
    assert (cache.hits, cache.misses) == (1, 1)


def test_an_older_packed_state_never_comes_back() -> None:
    """Not even behind an erasure that has dropped out of the cache itself."""
    cache = Cache(1000, 60_000)
    put(cache, make("a", 40))
    for n in range(15):
        put(cache, make(f"b{n}", 40))
    cache.put(0, "a", None, None)
    for n in range(15):
        put(cache, make(f"c{n}", 40))
    assert cache.get(0, "b0")[0]
    assert cache.get(0, "a") in {(True, None), (False, None)}


def test_a_cache_of_no_size_holds_nothing() -> None:
    """`OMNIROUTE_CACHE_MIB=0` asks Redis for every customer."""
    for cache in (Cache(0, 0), Cache(10, 0), Cache(0, MIB)):
        put(cache, make("a", 1))
        assert cache.get(0, "a") == (False, None)
