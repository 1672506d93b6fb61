"""Our rule tree beside three expression engines, on the same rules and facts, in one run.

    python -m bench.rules_beside [--rules 50 500] [--rounds 300]

Each rule has four conditions (channel, exchanges, sentiment, segment), none of which matches the
first facts: every rule is asked. The engines get one compiled expression a rule, evaluated in the
order of the file until one holds, on a context that is built once an event where the engine allows
it: the quickest way that each offers. First all engines must give the same answer for drawn facts.
The last column is the time as a multiple of ours; what is not installed is said and left out.
"""

from __future__ import annotations

import argparse
import random
import timeit
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec

from services.contact.decision import Fact
from services.router.core.table import Table
from services.router.rules.file import load_table

CHANNELS = ("phone", "chat", "email", "social")
ENGINES = {
    "zen": "zen-engine",
    "cel": "common-expression-language",
    "cel_expr_python": "cel-expr-python",
}
Facts = dict[str, Fact]
Find = Callable[[Facts], int]
"""The number of the first rule that holds, -1 for none."""
ASKED: Facts = {
    "channel": "email",
    "thread.exchanges": 1,
    "message.sentiment": -0.5,
    "customer.segment": "key",
}


def write_rules(count: int) -> str:
    """A rule file with so many rules of four conditions each."""
    rules = (
        f"    - id: r{n}\n      when: {{channel: {CHANNELS[n % 4]}, thread.exchanges: "
        f"{{gte: {n + 2}}}, message.sentiment: {{lt: -0.3}}, customer.segment: [key, s{n}]}}\n"
        for n in range(count)
    )
    return f"route:\n  routes:\n{''.join(rules)}"


def write_expressions(count: int, *, element: str) -> list[str]:
    """The same as expressions; `element` is the engine's word for being in a list."""
    return [
        f'channel == "{CHANNELS[n % 4]}" {{and}} exchanges >= {n + 2} {{and}} sentiment < -0.3 '
        f'{{and}} segment {element} ["key", "s{n}"]'
        for n in range(count)
    ]


def flatten(facts: Facts) -> dict[str, Fact]:
    """The facts under names that every engine takes."""
    return {name.rpartition(".")[2]: value for name, value in facts.items()}


def build_ours(count: int) -> Find:
    """`Table.match`."""
    table = load_table(write_rules(count))
    assert isinstance(table, Table), table

    def find(facts: Facts) -> int:
        rule = table.match(facts).plan.rule
        return -1 if rule == "default" else int(rule[1:])

    return find


def build_zen(count: int) -> Find:
    """zen-engine, each expression compiled."""
    import zen  # noqa: PLC0415 - only where it is installed

    written = write_expressions(count, element="in")
    compiled = [zen.compile_expression(one.replace("{and}", "and")) for one in written]

    def find(facts: Facts) -> int:
        context = flatten(facts)
        return next((n for n, one in enumerate(compiled) if one.evaluate(context)), -1)

    return find


def build_cel(count: int) -> Find:
    """The CEL of Rust, each expression compiled, one context an event."""
    import cel  # noqa: PLC0415 - only where it is installed

    written = write_expressions(count, element="in")
    compiled = [cel.compile(one.replace("{and}", "&&")) for one in written]

    def find(facts: Facts) -> int:
        context = cel.Context(variables=flatten(facts))
        return next((n for n, one in enumerate(compiled) if one.execute(context)), -1)

    return find


def build_cel_of_google(count: int) -> Find:
    """The CEL of C++, which our `cel:` uses: typed, each expression compiled, one context an event."""
    from cel_expr_python import cel  # noqa: PLC0415 - only where it is installed

    kinds = cel.Type
    names = {"channel": kinds.STRING, "segment": kinds.STRING}
    env = cel.NewEnv(variables={**names, "exchanges": kinds.INT, "sentiment": kinds.DOUBLE})
    written = write_expressions(count, element="in")
    compiled = [env.compile(one.replace("{and}", "&&")) for one in written]

    def find(facts: Facts) -> int:
        context = env.Activation(flatten(facts))
        return next((n for n, one in enumerate(compiled) if one.eval(context).value()), -1)

    return find


BUILDERS = {"zen": build_zen, "cel": build_cel, "cel_expr_python": build_cel_of_google}


def draw(random_: random.Random, count: int) -> Facts:
    """Facts that some rules fit."""
    return {
        "channel": random_.choice(CHANNELS),
        "thread.exchanges": random_.randrange(count),
        "message.sentiment": random_.uniform(-1, 1),
        "customer.segment": random_.choice(["key", "s3", "s7", "small"]),
    }


def main() -> None:
    """Compare the answers, then the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rules", type=int, nargs="+", default=[50, 500])
    parser.add_argument("--rounds", type=int, default=300)
    words = parser.parse_args()
    for count in words.rules:
        finders = {"ours": build_ours(count)}
        for module, build in BUILDERS.items():
            if find_spec(module):
                finders[f"{ENGINES[module]} {version(ENGINES[module])}"] = build(count)
            else:
                print(f"not installed: {ENGINES[module]}")
        random_ = random.Random(count)
        for facts in (draw(random_, count) for _ in range(500)):
            answers = {name: find(facts) for name, find in finders.items()}
            assert len(set(answers.values())) == 1, (facts, answers)
        print(f"{count} rules, none matches, the same answers for 500 drawn facts:")
        ours = 0.0
        for name, find in finders.items():
            assert find(ASKED) == -1
            times = timeit.repeat(lambda find=find: find(ASKED), number=words.rounds, repeat=5)
            took = min(times) / words.rounds * 1e6
            ours = ours or took
            print(f"  {name:40} {took:9.2f} µs an event {took / ours:7.1f} x")


if __name__ == "__main__":
    main()
