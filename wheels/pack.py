"""Writes wheels, the same bytes from the same files.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import base64
import hashlib
import os
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

Compress = Callable[[bytes], bytes]  # to raw deflate

# https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7, 4.3.12 and 4.3.16
LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
VERSION, STORED, DEFLATED, UNIX = 20, 0, 8, 3
LIBRARIES = (".so", ".dylib", ".dll", ".pyd")


def deflate(content: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    return compressor.compress(content) + compressor.flush()


def write(path: Path, files: Mapping[str, bytes], compress: Compress = deflate) -> None:
    """Writes a zip file, dated $SOURCE_DATE_EPOCH."""
    local, central = bytearray(), bytearray()
    stamp = time.gmtime(max(int(os.environ.get("SOURCE_DATE_EPOCH", 0)), 315532800))
    date = (stamp.tm_year - 1980) << 9 | stamp.tm_mon << 5 | stamp.tm_mday
    clock = stamp.tm_hour << 11 | stamp.tm_min << 5 | stamp.tm_sec // 2
    for name, content in files.items():
        packed, method = compress(content), DEFLATED
        if len(packed) >= len(content):
            packed, method = content, STORED
        encoded = name.encode()
        sizes = (zlib.crc32(content), len(packed), len(content))
        mode = 0o100755 if name.endswith(LIBRARIES) else 0o100644
        head = (0, method, clock, date, *sizes, len(encoded), 0)
        made = UNIX << 8 | VERSION
        central += CENTRAL.pack(b"PK\1\2", made, VERSION, *head, 0, 0, 0, mode << 16, len(local))
        central += encoded
        local += LOCAL.pack(b"PK\3\4", VERSION, *head) + encoded + packed
    count = len(files)
    end = END.pack(b"PK\5\6", 0, 0, count, count, len(central), len(local), 0)
    new = path.with_name(path.name + ".new")
    new.write_bytes(local + central + end)
    new.replace(path)


def wheel(
    folder: Path,
    tag: str,
    package: Mapping[str, bytes],
    info: Mapping[str, bytes],
    compress: Compress = deflate,
) -> Path:
    """Writes the wheel of what is given by path in site-packages and by path in .dist-info, where
    METADATA must be. The tag is that of the file's name: parts with dots stand for several."""
    name, version = identity(info["METADATA"])
    stem = f"{name.replace('-', '_')}-{version}"
    info = {**info, "WHEEL": wheel_file(tag)}
    files = {
        **{path: package[path] for path in sorted(package)},
        **{f"{stem}.dist-info/{path}": info[path] for path in sorted(info)},
    }
    files[f"{stem}.dist-info/RECORD"] = record(files, f"{stem}.dist-info/RECORD")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{stem}-{tag}.whl"
    write(target, files, compress)
    return target


def identity(metadata: bytes) -> tuple[str, str]:
    head = metadata.decode().partition("\n\n")[0]
    fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    return fields["Name"], fields["Version"]


def wheel_file(tag: str) -> bytes:
    interpreter, abi, platforms = tag.split("-")
    tags = [f"Tag: {interpreter}-{abi}-{platform}" for platform in platforms.split(".")]
    head = ["Wheel-Version: 1.0", "Generator: pywasm wheels", "Root-Is-Purelib: false"]
    return "\n".join([*head, *tags, ""]).encode()


def record(files: Mapping[str, bytes], itself: str) -> bytes:
    rows = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(content)}\n")
    return "".join([*rows, f"{itself},,\n"]).encode()
