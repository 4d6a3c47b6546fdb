"""Protocol-buffer bytes, as little of them as a frozen graph needs.

Called by graphdef.py, so that writing and reading a .pb needs no TensorFlow.  A message is a row of
fields: a varint (number << 3 | wire type), then a varint (type 0), 8 bytes (1), a length and bytes
(2) or 4 bytes (5).
"""

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint(value: int) -> bytes:
    """Encodes 7 bits a byte, low ones first; negative numbers as 64-bit two's complement."""
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def integer(number: int, value: int) -> bytes:
    """Encodes an integer, enum or bool field."""
    return varint(number << 3 | VARINT) + varint(value)


def data(number: int, value: bytes | str) -> bytes:
    """Encodes a string, bytes, message or packed field."""
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def _read_varint(message: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yields number and value of each field; values are views but for varints."""
    position = 0
    while position < len(message):
        key, position = _read_varint(message, position)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, position = _read_varint(message, position)
            yield number, value
            continue
        if kind == BYTES:
            length, position = _read_varint(message, position)
        elif kind in (FIXED32, FIXED64):
            length = 4 if kind == FIXED32 else 8
        else:
            raise ValueError(f"field {number} has wire type {kind}, expected 0, 1, 2 or 5")
        if position + length > len(message):
            missing = position + length - len(message)
            raise ValueError(f"field {number} ends {missing} bytes after its message")
        yield number, message[position:position + length]
        position += length
