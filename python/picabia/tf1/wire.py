"""Protobuf's wire format, as much of it as GraphDef needs."""
from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class WireError(ValueError):
    """Bytes that are no message."""


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise WireError("the message is cut or damaged")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """(field number, wire type, value) of each field: an int for VARINT, bytes for the others."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _read_varint(data, at)
            yield number, kind, value
            continue
        if kind == BYTES:
            size, at = _read_varint(data, at)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise WireError(f"found wire type {kind}, which GraphDef has nowhere")
        if at + size > len(data):
            raise WireError("the message is cut or damaged")
        yield number, kind, data[at:at + size]
        at += size


def varints(data: bytes) -> list[int]:
    """A packed field."""
    values, at = [], 0
    while at < len(data):
        value, at = _read_varint(data, at)
        values.append(value)
    return values


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def integer(number: int, value: int) -> bytes:
    """A field of an int, bool or enum."""
    return _varint(number << 3 | VARINT) + _varint(value)


def text(number: int, value: str | bytes) -> bytes:
    """A field of a string, bytes or message."""
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | BYTES) + _varint(len(data)) + data


def real(number: int, value: float) -> bytes:
    """A field of a float."""
    return _varint(number << 3 | FIXED32) + struct.pack("<f", value)


def signed(value: int) -> int:
    """What a varint means as int64."""
    return value - (1 << 64) if value >> 63 else value
