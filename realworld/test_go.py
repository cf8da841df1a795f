"""Go's own runtime and standard library, and a program made of them: Lua."""

import pathlib

import builds
import pytest

SCRIPT = """
print(_VERSION, string.format("%5.2f", math.pi), #("x"):rep(1000))
print(pcall(error, {}) == false, select(2, pcall(error, "raised", 0)))
local producer = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
print(producer(), producer(), producer())
local file = io.open("/out.txt", "w")
for i = 1, 1000 do file:write(i, "\\n") end
file:close()
local sum = 0
for line in io.lines("/out.txt") do sum = sum + tonumber(line) end
print(sum, os.remove("/missing"))
os.exit(7)
"""
PRINTED = """Lua 5.1\t 3.14\t1000
true\traised
1\t2\t3
500500\tnil\tremove /missing: No such file or directory
"""

# Which tests to run, and which not: /dev/null and the folder above GOROOT are not there. Calls that
# are 10,000 deep are too deep for the interpreter, and copying megabytes takes it minutes.
PACKAGES = {"io/fs": ".", "os": ".", "path/filepath": ".", "time": "Sleep$|After$|Ticker$"}
SKIPPED = "FileChdir|OpenFileDevNull|DevNullFile|CVE2022|LargeCopyViaNetwork|CopyFileToFile"


def test_lua(run, tmp_path):
    program = tmp_path / "lua.wasm"
    builds.go_program(pathlib.Path(__file__).parent / "lua", program)
    done = run(program, "/script.lua", files={"script.lua": SCRIPT.encode()})
    assert (done.returncode, done.stdout, done.stderr) == (7, PRINTED, "")
    assert done.files["out.txt"].count(b"\n") == 1000


@pytest.mark.parametrize("package", PACKAGES)
def test_go_passes_its_own_tests(run, tmp_path, package):
    program, scratch, root = tmp_path / "tests.wasm", tmp_path / "tmp", str(builds.go_root())
    builds.go_tests(package, program)
    scratch.mkdir()
    done = run(
        program,
        "-test.short",
        f"-test.run={PACKAGES[package]}",
        f"-test.skip={SKIPPED}",
        dirs={root: root, "/tmp": scratch},
        env={"PWD": f"{root}/src/{package}", "GOROOT": root, "TMPDIR": "/tmp", "HOME": "/tmp"},
    )
    assert (done.returncode, done.stdout[-2000:], done.stderr) == (0, "PASS\n", "")
