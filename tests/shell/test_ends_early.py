"""A service that is asked to end before it ever reached Kafka."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

BOUND_S = 40


@pytest.mark.parametrize("service", ["services.router", "services.sentiment"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_without_kafka_ends_with_zero_when_it_is_asked_to(
    service: str, number: signal.Signals
) -> None:
    """A roll-out during an outage must not look like a crash."""
    environment = os.environ | {"OMNIROUTE_KAFKA": "127.0.0.1:1", "OMNIROUTE_HTTP": "127.0.0.1:0"}
    with subprocess.Popen(
        [sys.executable, "-m", service], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        seen = ""
        for line in process.stderr:
            seen += line
            if "pages are served" in line:
                break
        assert "pages are served" in seen, seen
        process.send_signal(number)
        assert process.wait(BOUND_S) == 0
