"""Writes everything that follows from `proto/contact/v1/`, or tells that it is stale.

python proto/generate.py            write the Python classes, asyncapi.yaml, docs/contract.md, remedies.py
python proto/generate.py --check    exit 1 if one of them differs from what would be written
python proto/generate.py --accept   also make today's contract the one that must not be broken
"""  # noqa: INP001 - a script beside the files that it reads

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

PROTO = Path(__file__).resolve().parent
ROOT = PROTO.parent
sys.path.insert(0, str(ROOT))

from channels import write_asyncapi  # noqa: E402
from comments import read_comments  # noqa: E402
from grpc_tools import protoc  # noqa: E402 - after the path to `services`
from pages import write_page, write_remedies  # noqa: E402

IMAGE = PROTO / "contract.binpb"
CLASSES = ROOT / "services" / "contact" / "v1"
PAGE = ROOT / "docs" / "contract.md"
REMEDIES = ROOT / "services" / "contact" / "remedies.py"
_SOURCES = sorted(path.relative_to(PROTO) for path in PROTO.glob("contact/v1/*.proto"))
_IMPORT = re.compile(r"^from contact\.v1 import", re.MULTILINE)


def main(argv: Sequence[str]) -> int:
    """Write, check or accept: 0 good, 1 stale, 2 wrong usage or a fault in the contract."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing, tell what is stale")
    parser.add_argument("--accept", action="store_true", help="replace contract.binpb as well")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        wanted = make_all(Path(folder))
    stale = [path for path, text in wanted.items() if _read(path) != text]
    for path in stale:
        if not asked.check:
            path.write_text(wanted[path], encoding="utf-8")
        print(f"{'stale' if asked.check else 'wrote'}: {path.relative_to(ROOT)}")  # noqa: T201
    if asked.accept:
        build_image(IMAGE)
    return 1 if asked.check and stale else 0


def make_all(folder: Path) -> dict[Path, str]:
    """What each generated file should hold; `folder` is for files on the way."""
    wanted = make_classes(folder)
    build_image(folder / "image.binpb")
    comments = read_comments((folder / "image.binpb").read_bytes())
    wanted[PROTO / "asyncapi.yaml"] = write_asyncapi(comments)
    wanted[PAGE] = write_page(_read(PAGE), comments)
    wanted[REMEDIES] = write_remedies(comments)
    return wanted


def make_classes(folder: Path) -> dict[Path, str]:
    """The Python classes; protoc knows no package but its own, so imports are moved to ours."""
    well_known = Path(protoc.__file__).resolve().parent / "_proto"
    places = [f"-I{PROTO}", f"-I{well_known}", f"--python_out={folder}", f"--pyi_out={folder}"]
    if protoc.main(["protoc", *places, *map(str, _SOURCES)]) != 0:
        sys.exit(2)
    return {
        CLASSES / made.name: _IMPORT.sub(
            "from services.contact.v1 import", made.read_text(encoding="utf-8")
        )
        for made in sorted((folder / "contact" / "v1").iterdir())
    }


def build_image(image: Path) -> None:
    """Write the compiled contract, comments included."""
    buf = Path(sysconfig.get_path("scripts")) / "buf"
    done = subprocess.run([buf, "build", PROTO, "-o", image], check=False)  # noqa: S603 - our tool
    if done.returncode != 0:
        sys.exit(2)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
