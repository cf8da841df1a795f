"""Leaves out of Go's standard library what libpywasm is linked with but never calls: the bodies of
the functions below are replaced, and the linker finds that nothing else needs what they need.

What is called all the same says so. Sources are those of the Go that builds; where a function is
not there any more, the build stops.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wheels.toolchain import BuildError

LEFT_OUT = 'panic("left out of libpywasm: see wheels/hollow.py")'


@dataclass(frozen=True)
class Hollow:
    file: str  # in GOROOT/src
    function: str  # its first line up to the brace
    body: str = LEFT_OUT
    imports: str = ""


FIPS = "crypto/internal/fips140"
FUNCTIONS = (
    # WASI's sockets listen on addresses: pywasm/wasi.py looks names up.
    Hollow(
        "net/lookup.go",
        "func (r *Resolver) lookupIPAddr(ctx context.Context, network, host string) "
        "([]IPAddr, error)",
        "ip, err := netip.ParseAddr(host)\n"
        'if err != nil { return nil, newDNSError(errNoSuchHost, host, "") }\n'
        "return []IPAddr{{IP: IP(ip.AsSlice()).To16(), Zone: ip.Zone()}}, nil",
    ),
    Hollow(
        "net/lookup.go",
        "func (r *Resolver) LookupPort(ctx context.Context, network, service string) "
        "(port int, err error)",
        "port, needsLookup := parsePort(service)\n"
        "if needsLookup || port < 0 || port > 65535 "
        '{ return 0, &AddrError{Err: "invalid port", Addr: service} }\n'
        "return port, nil",
    ),
    # They do not call others, and are no Unix sockets.
    Hollow(
        "net/sock_posix.go",
        "func (fd *netFD) dial(ctx context.Context, laddr, raddr sockaddr, ctrlCtxFn "
        "func(context.Context, string, string, syscall.RawConn) error) error",
    ),
    Hollow(
        "net/unixsock_posix.go",
        "func unixSocket(ctx context.Context, net string, laddr, raddr sockaddr, mode string, "
        "ctxCtrlFn func(context.Context, string, string, syscall.RawConn) error) (*netFD, error)",
    ),
    # Random numbers are the system's, without a generator of FIPS 140's between.
    Hollow(
        "crypto/internal/rand/rand.go",
        "func (r reader) Read(b []byte) (n int, err error)",
        "sysrand.Read(b)\nreturn len(b), nil",
        "crypto/internal/sysrand",
    ),
    Hollow(f"{FIPS}/drbg/entropy_fips140.go", "func getEntropy() *[SeedSize]byte"),
    Hollow(f"{FIPS}/drbg/ctrdrbg.go", "func NewCounter(entropy *[SeedSize]byte) *Counter"),
    # Self-tests of algorithms, most of which are linked for them alone.
    *(
        Hollow(f"{FIPS}/{name}/cast.go", "func init()", "")
        for name in ("aes", "aes/gcm", "drbg", "hmac", "sha256", "sha3", "sha512")
    ),
    # HMAC looks whether its hash is one of SHA-3, and approved. It is SHA-256.
    Hollow("crypto/internal/fips140hash/hash.go", "func Unwrap(h hash.Hash) hash.Hash", "return h"),
    Hollow(
        "crypto/internal/fips140only/fips140only.go",
        "func ApprovedHash(h hash.Hash) bool",
        "return true",
    ),
    Hollow("crypto/sha3/sha3.go", "func init()", ""),
    # Functions of a host that wazero looks at with reflection: ours are not of that kind.
    Hollow("reflect/value.go", "func (v Value) call(op string, in []Value) []Value"),
    Hollow("reflect/makefunc.go", "func makeMethodValue(op string, v Value) Value"),
    Hollow("reflect/makefunc.go", "func methodValueCallCodePtr() uintptr"),
    # Dates as text and as bytes, which are linked for a %v that never meets one.
    Hollow("time/format.go", "func (t Time) String() string"),
    Hollow("time/format.go", "func (t Time) GoString() string"),
    Hollow("time/time.go", "func (t Time) AppendBinary(b []byte) ([]byte, error)"),
    Hollow("time/time.go", "func (t *Time) UnmarshalBinary(data []byte) error"),
    # Execution traces, which nobody can start: the scheduler asks whether one is running.
    Hollow("runtime/traceruntime.go", "func traceEnabled() bool", "return false"),
    Hollow("runtime/traceruntime.go", "func (tl traceLocker) ok() bool", "return false"),
)


def overlay(goroot: Path, folder: Path) -> dict[str, str]:
    """Writes the changed files; returns which of Go's each takes the place of."""
    folder.mkdir(parents=True, exist_ok=True)
    replaced = {}
    for file in sorted({hollow.file for hollow in FUNCTIONS}):
        source = goroot / "src" / file
        target = folder / file.replace("/", "-")
        target.write_text(
            changed(source.read_text(), [each for each in FUNCTIONS if each.file == file])
        )
        replaced[str(source)] = str(target)
    return replaced


def changed(text: str, hollows: Iterable[Hollow]) -> str:
    for hollow in hollows:
        start = text.find(f"\n{hollow.function} {{\n")
        if start < 0:
            raise BuildError(
                f"Go's {hollow.file} is not what wheels/hollow.py knows: no {hollow.function}"
            )
        end = text.index("\n}\n", start)
        text = f"{text[:start]}\n{hollow.function} {{\n{hollow.body}{text[end:]}"
        if hollow.imports:
            text = text.replace("import (\n", f'import (\n"{hollow.imports}"\n', 1)
    return without_unused_imports(text)


def without_unused_imports(text: str) -> str:
    """Imports what is not named any more for its side effects alone."""
    head, end, rest = text.partition("\n)\n")
    code = re.sub(r"//.*", "", rest)
    for path in re.findall(r'^\s*"([^"]+)"$', head, re.MULTILINE):
        if not re.search(rf"\b{path.rpartition('/')[2]}\.", code):
            head = head.replace(f'"{path}"', f'_ "{path}"')
    return head + end + rest
