from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Marker(_message.Message):
    __slots__ = ("format", "sequence", "lineage", "partitions", "lanes", "inputs", "rules_version", "now")
    class InputsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LINEAGE_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    LANES_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    RULES_VERSION_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    format: int
    sequence: int
    lineage: str
    partitions: int
    lanes: int
    inputs: _containers.ScalarMap[str, int]
    rules_version: str
    now: int
    def __init__(self, format: _Optional[int] = ..., sequence: _Optional[int] = ..., lineage: _Optional[str] = ..., partitions: _Optional[int] = ..., lanes: _Optional[int] = ..., inputs: _Optional[_Mapping[str, int]] = ..., rules_version: _Optional[str] = ..., now: _Optional[int] = ...) -> None: ...
