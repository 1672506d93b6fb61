"""Apache Kafka's jars: fetched once by Maven, kept outside of the clone."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from services.runtime.child import StartFailedError, ToolMissingError

POM = Path(__file__).resolve().parents[2] / "deploy" / "kafka" / "pom.xml"
FETCH_WITHIN_S = 600.0


def kafka_version() -> str:
    """The version of Apache Kafka that deploy/kafka/pom.xml names."""
    try:
        text = POM.read_text(encoding="utf-8")
    except OSError as problem:
        raise ToolMissingError(f"Apache Kafka is started from a clone only: {problem}") from problem
    found = re.search(r"<kafka\.version>([^<]+)</kafka\.version>", text)
    if found is None:
        raise StartFailedError(f"{POM} names no kafka.version")
    return found.group(1)


def jars_folder() -> Path:
    """Where the jars are kept: in the user's cache, by version."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "omniroute" / f"kafka-{kafka_version()}"


def kafka_jars() -> Path:
    """The folder with the jars, fetched first if they are not there.

    Raises:
        ToolMissingError: Maven is not on this machine.
        StartFailedError: Maven could not fetch them; quotes what it said.
    """
    folder = jars_folder()
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "kafka.lock").open("ab") as lock:
        # Somebody else may fetch them at this moment: wait, then look again.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch(folder)
    return folder


def java() -> str:
    """The `java` of this machine: JAVA_HOME's, else the one on the path.

    Raises:
        ToolMissingError: There is none.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else None
    found = found or shutil.which("java")
    if found is None:
        raise ToolMissingError(
            "Apache Kafka 4 needs Java 17 or newer (Debian: apt install openjdk-17-jre-headless)"
        )
    return found


def _fetch(folder: Path) -> None:
    """Let Maven copy the jars beside `folder`, then put them there in one step."""
    maven = shutil.which("mvn")
    if maven is None:
        raise ToolMissingError("Apache Kafka's jars need Maven once (Debian: apt install maven)")
    sys.stderr.write(f"Fetching Apache Kafka {kafka_version()} into {folder} ...\n")
    with tempfile.TemporaryDirectory(prefix="kafka-", dir=folder.parent) as fresh:
        jars = Path(fresh) / "jars"
        words = ["-B", "-q", "-ntp", "--strict-checksums", "-f", str(POM)]
        words += ["dependency:copy-dependencies", "-DincludeScope=runtime"]
        done = subprocess.run(  # noqa: S603 - the words are our own, and there is no shell
            [maven, *words, f"-DoutputDirectory={jars}"],
            capture_output=True,
            timeout=FETCH_WITHIN_S,
            check=False,
        )
        if done.returncode != 0 or not any(jars.glob("kafka_*.jar")):
            said = (done.stdout + done.stderr).decode(errors="replace").strip()
            raise StartFailedError(f"Maven could not fetch Apache Kafka's jars:\n{said}")
        jars.rename(folder)
