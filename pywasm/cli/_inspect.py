"""pywasm inspect: shows what a module is made of."""

from __future__ import annotations

from . import _files

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import Any

_EXAMPLES = """  pywasm inspect program.wasm
  pywasm inspect --json program.wasm | jq -r '.imports[].module' | sort -u
"""


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = _files.add_command(
        commands,
        "inspect",
        "show what a module is made of",
        "Shows imports, exports, memories, tables, sections and their sizes, the features that a "
        "module uses, its version of WASI, and the compiler that it would run with.",
        _EXAMPLES,
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("file", metavar="FILE", help="a module, in binary or text; - is stdin")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Prints what is in the module."""
    import json
    import sys

    from .._errors import CompileError

    try:
        found = _inspect(_files.read_module(options.file))
    except CompileError as error:
        raise CompileError(_files.refusal(options.file, error)) from None
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        print("\n".join(_report(_files.shown(options.file), found)))
    return 0


def _inspect(binary: bytes) -> dict[str, Any]:
    import json

    from .._bridge import bridge, go_bytes

    found: dict[str, Any] = json.loads(bridge().Inspect(go_bytes(binary)))
    found["wasi"] = _wasi_version(found["imports"])
    found["compiler"] = str(bridge().DefaultCompiler())
    found["note"] = _note(binary)
    if found["note"] is not None:
        found["compiler"] = "interpreter"
    return found


def _wasi_version(imports: list[dict[str, Any]]) -> str | None:
    from ..wasi import _NAMESPACES

    names = (f"SNAPSHOT{_NAMESPACES[i['module']]}" for i in imports if i["module"] in _NAMESPACES)
    return next(names, None)


def _note(binary: bytes) -> str | None:
    """Returns why the module would not run with the default compiler."""
    from .._bridge import go_bytes
    from .._store import Store

    with Store() as store:
        return str(store._handle.Note(go_bytes(binary))) or None


def _report(file: str, found: dict[str, Any]) -> Iterator[str]:
    name = "" if found["name"] is None else f", module {_quoted(found['name'])}"
    yield f"{_files.printable(file)}: {found['size']:,} bytes{name}"
    note = "" if found["note"] is None else f": {found['note']}"
    yield f"compiler: {found['compiler']}{note}"
    yield f"WASI: {found['wasi'] or 'none'}"
    yield f"features: {', '.join(found['features']) or 'those of the first version'}"
    yield from _part("memories", [_limits(memory, "pages") for memory in found["memories"]])
    yield from _part("tables", [_limits(table, "elements") for table in found["tables"]])
    yield from _part("imports", [_import(item) for item in found["imports"]])
    yield from _part("exports", [_extern(item) for item in found["exports"]])
    yield from _part("sections", [_section(section) for section in found["sections"]])


def _part(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _limits(item: dict[str, Any], unit: str) -> str:
    least, most = item["minimum"], item["maximum"]
    text = f"{unit}: {least:,}{' or more' if most is None else f' to {most:,}'}"
    if "element" in item:
        text += f", {item['element']}"
    if item["shared"]:
        text += ", shared"
    return f"{text}, imported" if item["imported"] else text


def _import(item: dict[str, Any]) -> str:
    return f"{_quoted(item['module'])} {_extern(item)}"


def _extern(item: dict[str, Any]) -> str:
    described = f"{item['kind']} {item['type']}".rstrip()
    return f"{_quoted(item['name'])} ({described})"


def _section(section: dict[str, Any]) -> str:
    name = f" {_quoted(section['name'])}" if section["kind"] == "custom" else ""
    return f"{section['offset']:#010x} {section['size']:12,}  {section['kind']}{name}"


def _quoted(name: str) -> str:
    import json

    return _files.printable(json.dumps(name, ensure_ascii=False))
