"""The text format: wat2wasm and wasm2wat."""

from __future__ import annotations

from ._bridge import bridge, go_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer as Bytes


def wat2wasm(wat: str | Bytes) -> bytes:
    """Translates the text format, as str or UTF-8, to the binary format.

    Raises CompileError, which shows the line and says what was expected.

    >>> wat2wasm("(module)")
    b'\\x00asm\\x01\\x00\\x00\\x00'
    """
    text = wat.encode("utf-8", "surrogatepass") if isinstance(wat, str) else memoryview(wat)
    return bytes(bridge().TextToBinary(go_bytes(bytes(text))))


def wasm2wat(bytes: Bytes) -> str:
    """Translates the binary format to the text format.

    Raises CompileError for what is not a module.

    >>> wasm2wat(b'\\x00asm\\x01\\x00\\x00\\x00')
    '(module)\\n'
    """
    binary = memoryview(bytes).tobytes()
    return str(bridge().BinaryToText(go_bytes(binary)))
