"""Artefacts: what is in one comes back, and one that does not fit is refused with the reason."""

import os

import pytest

import pywasm
from pywasm import engine

PROGRAM = """(module $program
    (import "env" "log" (func $log (param i32) (result i32)))
    (import "env" "limit" (global $limit i32))
    (memory (export "memory") 1 4)
    (table (export "table") 3 funcref)
    (global (export "counter") (mut i32) (i32.const 5))
    (elem (i32.const 0) $add $log)
    (data (i32.const 8) "hello")
    (data $passive "later")
    (func $add (export "add") (param i32 i32) (result i32)
        (i32.add (local.get 0) (local.get 1)))
    (func (export "call") (param i32) (result i32)
        (call $log (i32.add (local.get 0) (global.get $limit))))
    (func (export "sum") (param $n i32) (result i32) (local $sum i32)
        (loop $next
            (local.set $sum (i32.add (local.get $sum) (local.get $n)))
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum))
    (func (export "copy") (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 5)))
    (func $fails (export "fails") (drop (i32.div_u (i32.const 1) (i32.const 0))))
    (func (export "again") (result funcref) (ref.func $log))
    (export "log" (func $log))
    (start $begin)
    (func $begin (global.set 1 (i32.add (global.get 1) (i32.const 1)))))"""

SMALL = """(module (import "a" "f" (func)) (memory 1) (data (i32.const 0) "x")
    (func (export "f") (result i32) (call 0) (i32.const 7)))"""


def imports(store):
    return {
        "env": {
            "log": pywasm.Function(store, lambda x: 2 * x, pywasm.FunctionType([1], [1])),
            "limit": pywasm.Global(store, pywasm.Value.i32(100)),
        }
    }


@pytest.fixture
def loaded(store, wat):
    module = pywasm.Module(store, wat(PROGRAM))
    artefact = module.serialize()
    module.close()
    return pywasm.Module.deserialize(store, artefact)


def test_what_was_compiled_runs(store, loaded):
    exports = pywasm.Instance(loaded, imports(store)).exports
    assert exports.add(40, 2) == 42
    assert exports.call(1) == 202
    assert exports.sum(10) == 55
    assert exports.counter.value == 6  # by the start function
    assert bytes(exports.memory.buffer)[8:13] == b"hello"
    exports.copy()
    assert bytes(exports.memory.buffer)[:5] == b"later"
    assert exports.log(3) == 6
    assert exports.again()(4) == 8


def test_traps_have_names(store, loaded):
    with pytest.raises(pywasm.Trap, match="integer divide by zero") as caught:
        pywasm.Instance(loaded, imports(store)).exports.fails()
    assert caught.value.frames == [pywasm.Frame("program", 5, "fails")]


def test_what_a_module_tells_of_itself(store, wat, loaded):
    module = pywasm.Module(store, wat(PROGRAM))
    assert loaded.name == module.name == "program"
    assert loaded.compiler_name == module.compiler_name
    assert [(e.name, str(e.type)) for e in loaded.exports] == [
        (e.name, str(e.type)) for e in module.exports
    ]
    assert [(i.module, i.name, str(i.type)) for i in loaded.imports] == [
        (i.module, i.name, str(i.type)) for i in module.imports
    ]


def test_custom_sections_are_kept(store):
    code = b"\0asm\x01\0\0\0" + b"\0\x06\x03abcde"
    module = pywasm.Module(store, code)
    loaded = pywasm.Module.deserialize(store, module.serialize())
    assert loaded.custom_sections("abc") == [b"de"]


def test_serialized_again(loaded, store):
    again = pywasm.Module.deserialize(store, loaded.serialize())
    assert pywasm.Instance(again, imports(store)).exports.sum(4) == 10
    assert again.serialize() == loaded.serialize()


def test_the_same_module_gives_the_same_artefact(store, compiler, wat):
    other = pywasm.Store(engine.JIT(compiler))
    first, second = (pywasm.Module(s, wat(PROGRAM)).serialize() for s in (store, other))
    assert first == second


def test_modules_of_one_shape_are_not_mixed_up(store, wat):
    text = '(module (func (export "f") (result i32) (i32.const {})))'
    artefacts = [pywasm.Module(store, wat(text.format(n))).serialize() for n in range(3)]
    modules = [pywasm.Module.deserialize(store, artefact) for artefact in artefacts]
    assert [pywasm.Instance(module).exports.f() for module in modules] == [0, 1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "(module)",
        "(module (memory 1 2 shared))",
        '(module (tag (export "t") (param i32)))',
        "(module (func (param externref) (result externref) local.get 0))",
        "(module (type (func)) (table 1 1 funcref) (elem declare func 0) (func))",
        '(module (memory 1) (data (i32.const 65536) ""))',
    ],
)
def test_any_module(store, wat, text):
    module = pywasm.Module.deserialize(store, pywasm.Module(store, wat(text)).serialize())
    pywasm.Instance(module)


def test_segments_out_of_bounds_fail_as_they_did(store, wat):
    text = '(module (memory 1) (data (i32.const 65535) "ab"))'
    module = pywasm.Module.deserialize(store, pywasm.Module(store, wat(text)).serialize())
    with pytest.raises(pywasm.Trap, match="out of bounds memory access"):
        pywasm.Instance(module)


THROWING = """(module (tag $e)
    (func (export "f") (result i32)
        (block $h (try_table (catch $e $h) (throw $e)) (unreachable)) (i32.const 7)))"""


def test_a_module_that_throws_is_interpreted(store, wat):
    module = pywasm.Module.deserialize(store, pywasm.Module(store, wat(THROWING)).serialize())
    assert module.compiler_name == "interpreter"
    assert pywasm.Instance(module).exports.f() == 7


def test_every_byte_counts(store, wat):
    artefact = bytearray(pywasm.Module(store, wat(SMALL)).serialize())
    for position in range(len(artefact)):
        artefact[position] ^= 1 << position % 8
        with pytest.raises(pywasm.DeserializeError):
            pywasm.Module.deserialize(store, artefact)
        artefact[position] ^= 1 << position % 8
    assert pywasm.Module.deserialize(store, artefact).imports[0].name == "f"


def test_every_byte_of_a_signed_one_counts(store, wat):
    artefact = bytearray(pywasm.Module(store, wat(SMALL)).serialize(key=b"secret"))
    for position in range(len(artefact)):
        artefact[position] ^= 0x80
        for key in (b"secret", None):
            with pytest.raises(pywasm.DeserializeError):
                pywasm.Module.deserialize(store, artefact, key=key)
        artefact[position] ^= 0x80
    assert pywasm.Module.deserialize(store, artefact, key=b"secret").imports[0].name == "f"


def test_every_length_counts(store, wat):
    artefact = pywasm.Module(store, wat(SMALL)).serialize()
    for length in range(len(artefact)):
        with pytest.raises(pywasm.DeserializeError):
            pywasm.Module.deserialize(store, artefact[:length])
    with pytest.raises(pywasm.DeserializeError, match=r"written with \d+"):
        pywasm.Module.deserialize(store, artefact + b"\0")


@pytest.mark.parametrize("other", [b"", b"nope", b"\0asm\x01\0\0\0", b"\x7fELF" + bytes(100)])
def test_what_is_no_artefact(store, other):
    with pytest.raises(pywasm.DeserializeError, match=r"^incompatible binary: "):
        pywasm.Module.deserialize(store, other)


def test_the_errors_are_runtime_errors(store):
    with pytest.raises(RuntimeError):
        pywasm.Module.deserialize(store, b"nope")


def crc32c(data):
    """The checksum of the format (RFC 3720, appendix B.4), so that what follows can be forged."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def forged(artefact, old, new):
    """An artefact with a property changed to another of the same length, and a right checksum."""
    assert len(old) == len(new)
    assert artefact.count(old) == 1
    changed = bytearray(artefact.replace(old, new))
    head = int.from_bytes(changed[16:20], "little")
    checksum = crc32c(changed[:32] + changed[36 : 36 + head])
    changed[32:36] = checksum.to_bytes(4, "little")
    return bytes(changed)


def test_a_version_of_the_format(store, wat):
    artefact = bytearray(pywasm.Module(store, wat(SMALL)).serialize())
    artefact[8] += 1
    with pytest.raises(pywasm.DeserializeError, match="version 2 of the format"):
        pywasm.Module.deserialize(store, artefact)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("engine", b"universal", b"nuclear!!"),
        ("pywasm", pywasm.__version__.encode(), b"9.9.9"),
        ("wazero", b"v1.12.0", b"v1.13.0"),
    ],
)
def test_made_by_another(store, wat, name, old, new):
    artefact = pywasm.Module(store, wat(SMALL)).serialize()
    with pytest.raises(pywasm.DeserializeError, match=f"made for {name} .*{new.decode()}"):
        pywasm.Module.deserialize(store, forged(artefact, old, new))


def test_made_for_another_machine(store, wat):
    artefact = pywasm.Module(store, wat(SMALL)).serialize()
    target = b"x86_64-" if b"x86_64-" in artefact else b"aarch64"
    with pytest.raises(pywasm.DeserializeError, match=r"made for target .*riscv64"):
        pywasm.Module.deserialize(store, forged(artefact, target, b"riscv64"))


def test_made_for_a_better_processor(store, wat):
    artefact = pywasm.Module(store, wat(SMALL)).serialize()
    feature = next(f for f in (b"sse4.1", b"atomics", b"features") if f in artefact)
    with pytest.raises(pywasm.DeserializeError, match=r"CPU|property"):
        pywasm.Module.deserialize(store, forged(artefact, feature, b"#" * len(feature)))


def test_made_by_the_other_compiler(store, compiler_name, fresh_store_of_the_other, wat):
    artefact = pywasm.Module(store, wat(SMALL)).serialize()
    with pytest.raises(pywasm.DeserializeError, match=f"made for compiler .*{compiler_name}"):
        pywasm.Module.deserialize(fresh_store_of_the_other, artefact)


@pytest.fixture
def fresh_store_of_the_other(compiler_name):
    from pywasm.compilers import interpreter, optimizing

    other = {"optimizing": interpreter, "interpreter": optimizing}[compiler_name]
    with pywasm.Store(engine.JIT(other.Compiler)) as opened:
        yield opened


def test_a_headless_engine_loads_all(store, wat):
    artefact = pywasm.Module(store, wat(SMALL)).serialize()
    with pywasm.Store(engine.JIT()) as headless:
        module = pywasm.Module.deserialize(headless, artefact)
        called = []
        imports = {"a": {"f": pywasm.Function(headless, lambda: called.append(1))}}
        assert pywasm.Instance(module, imports).exports.f() == 7
        assert called == [1]
        with pytest.raises(pywasm.CompileError, match="headless"):
            pywasm.Module(headless, wat(SMALL))


def test_another_engine(store, wat, tmp_path):
    artefact = pywasm.Module(store, wat(SMALL)).serialize()
    (tmp_path / "artefact").write_bytes(artefact)
    with pywasm.Store(engine.Dylib()) as other:
        with pytest.raises(pywasm.DeserializeError, match="Dylib"):
            pywasm.Module.deserialize(other, artefact)
        with pytest.raises(pywasm.DeserializeError, match="Dylib"):
            pywasm.Module.from_file(other, tmp_path / "artefact")


def test_keys(store, wat):
    module = pywasm.Module(store, wat(SMALL))
    signed, plain = module.serialize(key=b"secret"), module.serialize()
    assert signed != plain
    assert pywasm.Module.deserialize(store, signed, key=bytearray(b"secret")).exports
    with pytest.raises(pywasm.DeserializeError, match="signature of the artefact is wrong"):
        pywasm.Module.deserialize(store, signed, key=b"Secret")
    with pytest.raises(pywasm.DeserializeError, match="is signed"):
        pywasm.Module.deserialize(store, signed)
    with pytest.raises(pywasm.DeserializeError, match="not signed"):
        pywasm.Module.deserialize(store, plain, key=b"secret")
    with pytest.raises(ValueError, match="empty"):
        module.serialize(key=b"")
    with pytest.raises(TypeError):
        module.serialize(key="secret")


def test_arguments(store):
    with pytest.raises(TypeError, match="must be a Store"):
        pywasm.Module.deserialize(None, b"")
    with pytest.raises(TypeError):
        pywasm.Module.deserialize(store, "text")
    with pytest.raises(TypeError, match="must be a Store"):
        pywasm.Module.from_file(None, "file")


def test_closed(store, wat):
    module = pywasm.Module(store, wat(SMALL))
    module.close()
    with pytest.raises(pywasm.WasmError, match="closed"):
        module.serialize()


def test_a_module_is_no_artefact(store, wat):
    artefact = pywasm.Module(store, wat(SMALL)).serialize()
    with pytest.raises(pywasm.CompileError, match="deserialize"):
        pywasm.Module(store, artefact)


@pytest.mark.parametrize("key", [None, b"secret"])
def test_from_file(store, wat, tmp_path, key):
    path = tmp_path / "schön.artefact"
    path.write_bytes(pywasm.Module(store, wat(PROGRAM)).serialize(key=key))
    module = pywasm.Module.from_file(store, path, key=key)
    path.unlink()
    assert pywasm.Instance(module, imports(store)).exports.sum(10) == 55


def test_from_a_file_of_webassembly(store, wat, tmp_path):
    path = tmp_path / "small"
    for content in (wat(SMALL), SMALL.encode()):
        path.write_bytes(content)
        assert pywasm.Module.from_file(store, str(path)).imports[0].name == "f"
    with pytest.raises(pywasm.DeserializeError, match="not an artefact"):
        pywasm.Module.from_file(store, path, key=b"secret")


def test_from_a_file_that_is_damaged(store, wat, tmp_path):
    path = tmp_path / "small"
    path.write_bytes(pywasm.Module(store, wat(SMALL)).serialize()[:-1])
    with pytest.raises(pywasm.DeserializeError, match="truncated"):
        pywasm.Module.from_file(store, path)
    with pytest.raises(FileNotFoundError):
        pywasm.Module.from_file(store, tmp_path / "absent")


def test_a_file_is_loaded_once(store, wat, tmp_path):
    text = '(module (func (export "f") (result i32) (i32.const {})))'
    path = tmp_path / "artefact"

    def write(number, when):
        path.write_bytes(pywasm.Module(store, wat(text.format(number))).serialize())
        os.utime(path, (when, when))

    write(1, 1_000_000)
    first, second = (pywasm.Module.from_file(store, path) for _ in range(2))
    first.close()
    assert pywasm.Instance(second).exports.f() == 1
    write(2, 2_000_000)
    third = pywasm.Module.from_file(store, path)
    assert pywasm.Instance(third).exports.f() == 2
    second.close()
    third.close()
    assert pywasm.Instance(pywasm.Module.from_file(store, path)).exports.f() == 2


def test_a_file_that_has_just_changed_is_read(store, wat, tmp_path):
    text = '(module (func (export "f") (result i32) (i32.const {})))'
    path = tmp_path / "artefact"
    modules = []
    for number in range(10):  # faster than the clock of some file systems
        path.write_bytes(pywasm.Module(store, wat(text.format(number))).serialize())
        modules.append(pywasm.Module.from_file(store, path))
    assert [pywasm.Instance(module).exports.f() for module in modules] == list(range(10))


def test_fuel_is_counted_as_it_was(compiler, wat):
    def used(store, module):
        instance = pywasm.Instance(module, imports(store))
        before = instance.fuel
        instance.exports.sum(100)
        return before - instance.fuel

    with pywasm.Store(engine.JIT(compiler), fuel=10**6) as store:
        module = pywasm.Module(store, wat(PROGRAM))
        loaded = pywasm.Module.deserialize(store, module.serialize())
        assert used(store, loaded) == used(store, module) > 100


def test_loaded_code_can_be_interrupted(compiler, wat):
    endless = '(module (func (export "f") (loop (br 0))))'
    with pywasm.Store(engine.JIT(compiler), timeout=0.05) as store:
        artefact = pywasm.Module(store, wat(endless)).serialize()
        loaded = pywasm.Module.deserialize(store, artefact)
        with pytest.raises(pywasm.Timeout):
            pywasm.Instance(loaded).exports.f()


def test_a_store_that_counts_fuel_takes_nothing_that_does_not(compiler, store, wat):
    with pywasm.Store(engine.JIT(compiler), fuel=10) as counting:
        for made, loads in ((store, counting), (counting, store)):
            artefact = pywasm.Module(made, wat(PROGRAM)).serialize()
            with pytest.raises(pywasm.DeserializeError, match="made for options"):
                pywasm.Module.deserialize(loads, artefact)


def test_the_same_bytes_are_loaded_once(store):
    text = '(module (func (export "answer") (result i32) i32.const 42))'
    artefact = pywasm.Module(store, text).serialize()
    first = pywasm.Module.deserialize(store, artefact)
    second = pywasm.Module.deserialize(store, artefact)
    assert first is not second
    first.close()
    assert pywasm.Instance(second).exports.answer() == 42
    third = pywasm.Module.deserialize(store, artefact)
    second.close()
    assert pywasm.Instance(third).exports.answer() == 42
