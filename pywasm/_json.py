"""JSON without the package json, which takes some milliseconds to import."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Plain:
    """What the scanner of CPython's json asks for, all of it as the defaults are."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int, parse_constant = float, int, float

    def __init__(self) -> None:
        self.memo: dict[str, str] = {}


def loads(text: str) -> Any:
    """Returns what the text stands for. It comes from our own Go, and is well formed."""
    try:
        import _json
    except ImportError:  # another implementation of Python
        import json

        return json.loads(text)
    scanner: Any = _json.make_scanner
    return scanner(_Plain())(text, 0)[0]
