"""The comments of the contract, by the names of what they stand above."""  # noqa: INP001 - a script

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FileDescriptorSet

_MESSAGE, _ENUM, _FIELD, _VALUE = 4, 5, 2, 2
"""Field numbers in descriptor.proto, which a source location's path is made of."""

Comments = dict[str, str]
"""`ContactEvent`, `ContactEvent.kind`, `Kind`, `Kind.KIND_MESSAGE` -> one line of text."""


def read_comments(image: bytes) -> Comments:
    """Every comment in a compiled contract."""
    found: Comments = {}
    for file in FileDescriptorSet.FromString(image).file:
        for location in file.source_code_info.location:
            path = tuple(location.path)
            words = " ".join(location.leading_comments.split())
            if not words:
                continue
            if path[0] == _MESSAGE and len(path) in {2, 4}:
                message = file.message_type[path[1]]
                inner = path[2:] and path[2] == _FIELD
                if len(path) == 2:  # noqa: PLR2004
                    found[message.name] = words
                elif inner:
                    found[f"{message.name}.{message.field[path[3]].name}"] = words
            elif path[0] == _ENUM and len(path) in {2, 4}:
                enum = file.enum_type[path[1]]
                if len(path) == 2:  # noqa: PLR2004
                    found[enum.name] = words
                elif path[2] == _VALUE:
                    found[f"{enum.name}.{enum.value[path[3]].name}"] = words
    return found
