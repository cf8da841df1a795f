"""What an environment of WASI is made of, as bridge/wasi_config.go reads it."""

from __future__ import annotations


def record(kind: bytes, *fields: int | str) -> bytes:
    """Writes a record: its kind, then numbers in 8 bytes and texts after their length.

    >>> record(b"a", "x")
    b'a\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00x'
    """
    parts = [kind]
    for field in fields:
        if isinstance(field, str):
            text = field.encode("utf-8", "surrogateescape")
            parts.append(len(text).to_bytes(8, "little"))
            parts.append(text)
        else:
            parts.append(field.to_bytes(8, "little"))
    return b"".join(parts)
