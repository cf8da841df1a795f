"""pywasm.run: a WASI program, run as subprocess.run runs a process."""

from __future__ import annotations

import os

from . import wasi
from ._errors import ExitError, LinkError, Timeout, Trap, WasmError
from ._instance import Instance
from ._module import Module
from ._store import Store
from ._streams import BYTES, CAPTURE, CAPTURE_LIMIT, DISCARD, JOIN
from ._types import FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Union

    Path = Union[str, os.PathLike[str]]
    Program = Union[Path, bytes, bytearray, memoryview, Module]

PIPE, STDOUT, DEVNULL = -1, -2, -3  # those of subprocess, which takes longer to import than a run


class CompletedProcess:
    """What a program has left.

    args are the program and its arguments, returncode is what it gave to proc_exit, or 0. stdout
    and stderr are what it has written, or None where that was not kept. files are those of the
    directory in memory by path, without a slash before it, or None where there was no directory.
    """

    def __init__(
        self,
        args: list[Any],
        returncode: int,
        stdout: Any = None,
        stderr: Any = None,
        files: dict[str, bytes] | None = None,
    ) -> None:
        self.args = args
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr
        self.files = files

    def check_returncode(self) -> None:
        """Raises ProcessError if the exit code is not 0."""
        if self.returncode:
            from ._process_error import ProcessError

            raise ProcessError(self.returncode, self.args, self.stdout, self.stderr)

    def __repr__(self) -> str:
        kept = "".join(
            f", {name}={value!r}"
            for name, value in (("stdout", self.stdout), ("stderr", self.stderr))
            if value is not None
        )
        return f"CompletedProcess(args={self.args!r}, returncode={self.returncode!r}{kept})"


def run(
    program: Program,
    args: Iterable[Path] = (),
    *,
    env: Mapping[str, str] | None = None,
    stdin: Any = None,
    stdout: Any = None,
    stderr: Any = None,
    capture_output: bool = False,
    text: bool = False,
    dirs: Mapping[str, Path] | Iterable[Path] | None = None,
    files: Mapping[str, bytes] | None = None,
    timeout: float | None = None,
    memory_limit: int | None = None,
    check: bool = False,
) -> CompletedProcess:
    """Runs a WASI program in this process, to its end, and returns a CompletedProcess.

    program is the path of a file, the bytes of a module, or a Module; args follow its name. It
    sees nothing of the host but what is given here:

    - env: its environment variables. None are inherited.
    - stdin: bytes, str if text is true, a file object, a file descriptor, a PathLike of a file, or
      subprocess.DEVNULL. By default that of this process.
    - stdout, stderr: a file object, a file descriptor, the path of a file, subprocess.DEVNULL, or
      PIPE to keep what is written; stderr may be STDOUT. By default those of this process.
      capture_output keeps both. If text is true, what is kept is decoded as UTF-8, and each of its
      lines ends with a newline alone.
    - dirs: directories of the host by the names that the program knows them under, or a list.
    - files: a directory in memory, mounted as "/": contents by path. It may hold 256 MiB.

    timeout is how many seconds it may run; what it takes to compile it is not counted. memory_limit
    is how many bytes its memory may grow to.

    Raises Trap if it traps, ProcessTimeout if it runs for too long, ProcessError with check if its
    exit code is not 0, CompileError or LinkError for what is no WASI program, OSError for a program
    that cannot be read, WasmError for directories and files that cannot be opened and where more
    than 256 MiB would have to be kept. What a file object raises, this raises. Trap, ProcessTimeout
    and ProcessError have what was kept as their stdout and stderr; the latter two are also what
    subprocess.run would raise.

    >>> run("cat.wasm", stdin=b"hello", capture_output=True).stdout
    b'hello'
    """
    if capture_output:
        if stdout is not None or stderr is not None:
            raise ValueError("stdout and stderr cannot be given together with capture_output")
        stdout = stderr = PIPE
    if isinstance(stdout, int) and stdout == STDOUT:
        raise ValueError("STDOUT can only be used for stderr")
    command = _command(program, args)
    if env is not None and hasattr(env, "items"):
        env = {os.fsdecode(name): os.fsdecode(value) for name, value in env.items()}
    targets = _target(stdout), _target(stderr)
    builder = wasi.StateBuilder(argv0(command[0]), command[1:], env)
    builder.stdin(_source(stdin, text)).stdout(targets[0]).stderr(targets[1])
    if files is not None or dirs is not None:
        _mount(builder, files, dirs)
    with builder.finalize() as environment:
        try:
            code = _run(program, environment, memory_limit, timeout)
        except (Trap, Timeout) as error:
            error.stdout, error.stderr = _kept(environment, targets, text)
            if type(error) is not Timeout or timeout is None:
                raise
            from ._process_error import ProcessTimeout

            raise ProcessTimeout(command, timeout, error.stdout, error.stderr) from None
        _check_kept(environment, targets)
        left = environment.files("/") if files is not None else None
        kept = _kept(environment, targets, text)
        done = CompletedProcess(command, code, kept[0], kept[1], left)
    if check:
        done.check_returncode()
    return done


def execute(
    module: Module,
    environment: wasi.Environment,
    memory_limit: int | None = None,
    timeout: float | None = None,
) -> int:
    """Runs the _start of a module and returns the exit code."""
    if "_start" not in module._exports:
        raise LinkError("this is no program: it does not export _start")
    start = module._exports["_start"][1]
    if not isinstance(start, FunctionType) or start.params:
        raise LinkError("this is no program: its _start is no function without parameters")
    imports = environment._imports_of(module)
    with Instance(module, imports, memory_limit=memory_limit, timeout=timeout) as instance:
        try:
            instance.exports._start()
        except ExitError as error:
            return error.code
    return 0


def argv0(program: Path) -> str:
    """Returns the name that a program gets to know: it tells nothing about the host's folders."""
    return os.path.basename(os.fsdecode(program))


def _run(
    program: Program,
    environment: wasi.Environment,
    memory_limit: int | None,
    timeout: float | None,
) -> int:
    if isinstance(program, Module):
        return execute(program, environment, memory_limit, timeout)
    if not isinstance(program, BYTES):
        with open(program, "rb") as file:
            program = file.read()
    with Store() as store:
        return execute(Module(store, program), environment, memory_limit, timeout)


def _command(program: Program, args: Iterable[Path]) -> list[Any]:
    name: Any = program
    if isinstance(program, Module):
        name = program.name or "program"
    elif isinstance(program, BYTES):
        name = "program"
    return [name, *map(os.fsdecode, _listed(args, "args"))]


def _mount(builder: wasi.StateBuilder, files: Mapping[str, bytes] | None, dirs: Any) -> None:
    if files is not None:
        builder.map_files("/", files)
    if dirs is None:
        return
    mounts: Any = dirs
    if not hasattr(dirs, "items"):
        mounts = {path: path for path in _listed(dirs, "dirs")}
    if files is not None and "/" in map(os.fsdecode, mounts):
        raise ValueError('files are mounted as "/", and so would be one of dirs')
    builder.map_directories(mounts)


def _listed(paths: Any, name: str) -> Iterable[Path]:
    if isinstance(paths, (str, *BYTES)) or not hasattr(paths, "__iter__"):
        raise TypeError(f"{name} must be a list of str, not {type(paths).__name__}")
    return paths  # type: ignore[no-any-return]


def _source(stdin: Any, text: bool) -> Any:
    if isinstance(stdin, int) and stdin == PIPE:
        raise ValueError("nobody could write to stdin=PIPE: give bytes, or a file object")
    if isinstance(stdin, str):
        if not text:
            raise TypeError("stdin may be str only if text is true: give bytes, or a file object")
        return stdin.encode()
    if isinstance(stdin, int) and stdin == DEVNULL:
        return b""
    return _file(stdin, "rb")


_SPECIAL = {PIPE: CAPTURE, STDOUT: JOIN, DEVNULL: DISCARD}


def _target(stream: Any) -> Any:
    if isinstance(stream, int) and stream in _SPECIAL:
        return _SPECIAL[stream]
    return _file(stream, "wb")


def _file(stream: Any, mode: str) -> Any:
    """Returns a file object for a file descriptor, and anything else as it is."""
    return open(stream, mode, 0, closefd=False) if isinstance(stream, int) else stream


def _kept(environment: wasi.Environment, targets: tuple[Any, Any], text: bool) -> list[Any]:
    """Returns what was kept of stdout and stderr, None for what was not to be."""
    contents: list[Any] = [None, None]
    for i, target in enumerate(targets):
        if target is CAPTURE:
            data = bytes(environment._handle.Captured(i + 1))
            contents[i] = _decoded(data) if text else data
    return contents


def _decoded(data: bytes) -> str:
    return data.decode().replace("\r\n", "\n").replace("\r", "\n")


def _check_kept(environment: wasi.Environment, targets: tuple[Any, Any]) -> None:
    for i, target in enumerate(targets):
        if target is CAPTURE and not environment._handle.CapturedAll(i + 1):
            name = ("stdout", "stderr")[i]
            raise WasmError(f"the program wrote more than {CAPTURE_LIMIT} bytes to its {name}")


CompletedProcess.__module__ = run.__module__ = "pywasm"
