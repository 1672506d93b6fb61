"""What is generated is fresh; the contract passes its linters and breaks no older reader."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.contact import topics
from services.contact.codec import encode_decision, encode_reject, encode_sentiment
from services.contact.decision import Position
from services.contact.reject import Reject, RejectCode
from tests.contract.examples import DECISION, SCORED, SUMMARY

ROOT = Path(__file__).parents[2]
PROTO = ROOT / "proto"
BUF = Path(sysconfig.get_path("scripts")) / "buf"
PARSER = "@asyncapi/parser@3.6.3"


def _buf(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BUF), *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_generated_files_are_fresh() -> None:
    """Law: classes, asyncapi.yaml and the tables of docs/contract.md are as generate.py writes."""
    command = [sys.executable, str(PROTO / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_contract_passes_buf_lint() -> None:
    """Law: STANDARD and COMMENTS, without exception."""
    done = _buf("lint", "proto")
    assert done.returncode == 0, done.stdout


def test_the_contract_is_written_as_buf_formats_it() -> None:
    """Law: one form for the .proto files."""
    done = _buf("format", "--diff", "--exit-code", "proto")
    assert done.returncode == 0, done.stdout


def test_the_contract_breaks_no_reader_of_the_accepted_one() -> None:
    """Law: compared with the committed image by the strictest rules, nothing is broken."""
    done = _buf("breaking", "proto", "--against", "proto/contract.binpb")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("string topic = 15;", "string subject_topic = 15;"),
        ("string topic = 15;", "string topic = 99;"),
        ("string topic = 15;", "int64 topic = 15;"),
        ("  // `chat`: web chat, and messengers run as chat.\n  CHANNEL_CHAT = 2;\n", ""),
    ],
    ids=["renamed", "renumbered", "of another type", "a word less"],
)
def test_a_breaking_change_is_found(tmp_path: Path, before: str, after: str) -> None:
    """Law: the comparison is no formality."""
    copied = tmp_path / "proto"
    shutil.copytree(PROTO, copied)
    event = copied / "contact" / "v1" / "event.proto"
    text = event.read_text(encoding="utf-8")
    assert before in text
    event.write_text(text.replace(before, after), encoding="utf-8")
    done = _buf("breaking", str(copied), "--against", str(PROTO / "contract.binpb"))
    assert done.returncode == 100, done.stdout + done.stderr


def _document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PROTO / "asyncapi.yaml").read_text(encoding="utf-8"))
    return found


def test_asyncapi_describes_every_topic_with_its_key() -> None:
    """Law: each topic is a channel; each message has a key, headers and a payload."""
    document = _document()
    assert {c["address"] for c in document["channels"].values()} == set(topics.ALL)
    for message in document["components"]["messages"].values():
        assert message["bindings"]["kafka"]["key"]
        assert message["headers"]["type"] == "object"
        assert message["payload"]["$ref"]


def test_every_reference_in_asyncapi_leads_somewhere() -> None:
    """Law: a reference names a part of the document."""
    document = _document()
    references = re.findall(r"\$ref: '?#/([\w/]+)", (PROTO / "asyncapi.yaml").read_text())
    assert len(references) > 50
    for reference in references:
        part: Any = document
        for name in reference.split("/"):
            part = part[name]


def test_the_headers_we_write_stand_in_asyncapi() -> None:
    """Law: a header that we add is described, and one that is required is added."""
    messages = _document()["components"]["messages"]
    dead = encode_reject(
        Reject(RejectCode.NOT_JSON, "why"),
        key=None,
        value=b"",
        headers=(),
        position=Position("contact.events", 0, 0),
        by="router",
    )
    for name, record in (
        ("Decision", encode_decision(DECISION, traceparent=b"00-1-2-01")),
        ("SentimentScored", encode_sentiment(SCORED, traceparent=b"00-1-2-01")),
        ("SentimentSummary", encode_sentiment(SUMMARY, traceparent=b"00-1-2-01")),
        ("DeadLetter", dead),
    ):
        described = messages[name]["headers"]
        written = {header for header, _ in record.headers}
        assert set(described["required"]) <= written <= set(described["properties"])
        for header, raw in record.headers:
            schema = described["properties"][header]
            assert raw.decode() in schema.get("enum", [schema.get("const", raw.decode())])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_parser_of_asyncapi_finds_no_fault() -> None:
    """Law: the official parser reads the document without an error or a warning."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed: @asyncapi/parser cannot be asked")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "omniroute-asyncapi"
    cache.mkdir(parents=True, exist_ok=True)
    if not (cache / "node_modules" / "@asyncapi" / "parser").exists():
        install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", PARSER]
        subprocess.run(install, cwd=cache, timeout=240, check=True, capture_output=True)
    script = (
        "const {Parser} = require('@asyncapi/parser');"
        "const text = require('fs').readFileSync(process.argv[1], 'utf8');"
        "new Parser().parse(text).then(({document, diagnostics}) => console.log(JSON.stringify("
        "{channels: document ? document.channels().length : 0, faults: diagnostics"
        ".filter(d => d.severity < 2).map(d => d.message + ' at ' + d.path.join('.'))})));"
    )
    done = subprocess.run(
        [node, "-e", script, str(PROTO / "asyncapi.yaml")],
        cwd=cache,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"channels": len(topics.ALL), "faults": []}
