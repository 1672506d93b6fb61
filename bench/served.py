"""A service as a process of its own, and what can be seen of it from outside."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path

import aiohttp
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from services.runtime.child import tie

HERE = Path(__file__).parents[1]
READY_WITHIN_S = 60


@contextlib.asynccontextmanager
async def run_module(
    words: Sequence[str], environment: Mapping[str, str], *, core: int | None = None
) -> AsyncIterator[int]:
    """`python -m WORDS` until the block, or this process, ends; gives its process id.

    Its log goes to our standard error.
    """
    process = await asyncio.create_subprocess_exec(
        *tie([sys.executable, "-m", *words]), cwd=HERE, env={**os.environ, **environment}
    )
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    try:
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def name_settings(brokers: str, prefix: str, port: int, lanes: int) -> dict[str, str]:
    """The environment of a service that is measured; it logs from warnings on."""
    return {
        "OMNIROUTE_KAFKA": brokers,
        "OMNIROUTE_PREFIX": prefix,
        "OMNIROUTE_LANES": str(lanes),
        "OMNIROUTE_HTTP": f"127.0.0.1:{port}",
        "OMNIROUTE_LOG_LEVEL": "warning",
    }


async def await_ready(port: int) -> None:
    """Raises `TimeoutError` when the service is not ready in time."""
    async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.1)


async def read_metrics(port: int) -> Iterator[Metric]:
    """What the service tells at /metrics."""
    where = f"http://127.0.0.1:{port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(where) as answer:
        return iter(list(text_string_to_metric_families(await answer.text())))


def find_memory(pid: int) -> float:
    """MiB that the process has resident."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
