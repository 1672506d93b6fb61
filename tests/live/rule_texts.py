"""Rule files that the tests of live rules put in force."""

from __future__ import annotations

from pathlib import Path

from services.router.live.directory import RuleText

_FILE = """\
settings: {{ours: [our-company.example]}}
queues: {{callbacks: {{hours: always}}, other: {{hours: always}}}}
route:
  queue: {queue}
  routes:
    - id: email-to-phone
      when:
        channel: email   # a comment
        thread.exchanges: {{gte: {exchanges}}}
        message.closing: false

      # about the channel
      channel: phone
      queue: callbacks
      once_per: thread
    - {{id: chats, when: {{channel: chat}}, priority: 3}}
    - id: after
      when: {{once.email-to-phone: true}}
      priority: 2
"""
BROKEN = "route:\n  routes: [\n"


def write_rules(exchanges: int = 2, queue: str = "general") -> str:
    """A good file."""
    return _FILE.format(exchanges=exchanges, queue=queue)


def rule_text(exchanges: int = 2, queue: str = "general", tests: str = "") -> RuleText:
    """The same as it would be read."""
    return RuleText("my.yaml", write_rules(exchanges, queue), tests)


def write_many(count: int) -> str:
    """A good file of so many rules."""
    rules = "\n".join(
        f"    - id: r{n}\n      when: {{channel: email, thread.exchanges: {{gte: {n % 9}}}, "
        f"customer.segment: [a{n}, b{n}], topic: {{matches: '^x{n}'}}}}\n      reason: Number {n}."
        for n in range(count)
    )
    return f"route:\n  routes:\n{rules}\n"


def put(path: Path, text: str) -> Path:
    """Write a file, its folders too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path
