"""The text format: wat2wasm, wasm2wat, and text given to Module."""

import re
import time

import hypothesis
import hypothesis.strategies as st
import pytest

import pywasm
from pywasm import CompileError, Instance, Module, wasm2wat, wat2wasm

ADD = """(module
  (func (export "add") (param $a i32) (param $b i32) (result i32)
    (i32.add (local.get $a) (local.get $b))))"""
EMPTY = b"\0asm\x01\0\0\0"


class Place:
    """What the message of a CompileError says of a place in a text."""

    def __init__(self, message):
        first, arrow, _, shown, caret = message.split("\n")
        self.message = first
        self.line, self.column = map(int, re.fullmatch(r" +--> <anon>:(\d+):(\d+)", arrow).groups())
        number, self.text = re.fullmatch(r" +(\d+) \| (.*)", shown).groups()
        assert int(number) == self.line
        self.caret = caret.index("^") - shown.index(self.text)
        assert caret.strip(" |") == "^"


def refused(text):
    with pytest.raises(CompileError) as caught:
        wat2wasm(text)
    return Place(str(caught.value))


# --- what is accepted ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        ADD,
        ADD.encode(),
        bytearray(ADD.encode()),
        memoryview(ADD.encode()),
        f"\n\t {ADD}",
        f"\n\t {ADD}".encode(),
        f";; a comment\n{ADD} (; and (; another ;) ;)\n",
        ADD[len("(module") : -1],  # the fields of a module alone are a module
    ],
    ids=range(8),
)
def test_a_module_of_text(store, source):
    assert Instance(Module(store, source)).exports.add(40, 2) == 42
    assert wat2wasm(source) == wat2wasm(ADD)


def test_the_binary_is_bytes():
    binary = wat2wasm(ADD)
    assert type(binary) is bytes
    assert binary[:8] == EMPTY
    assert wat2wasm("(module)") == wat2wasm("") == wat2wasm(b"") == EMPTY


def test_the_text_is_str():
    text = wasm2wat(wat2wasm(ADD))
    assert type(text) is str
    assert wat2wasm(text) == wat2wasm(ADD)
    assert '(export "add"' in text
    assert "$a" in text, "names are kept"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_wasm2wat_takes_what_is_like_bytes(kind):
    assert wasm2wat(kind(EMPTY)) == "(module)\n"


@pytest.mark.parametrize("wrong", [None, 1, 1.5, ["(module)"], object()])
def test_what_is_neither_text_nor_bytes(store, wrong):
    for function in wat2wasm, wasm2wat:
        with pytest.raises(TypeError):
            function(wrong)
    with pytest.raises(TypeError, match="Wasm bytes or a WAT string"):
        Module(store, wrong)


def test_wasm2wat_takes_no_text():
    with pytest.raises(TypeError):
        wasm2wat("(module)")


def test_names(store):
    module = Module(store, '(module $"modül" (func $"naïve" (export "日本") unreachable))')
    assert module.name == "modül"
    assert [export.name for export in module.exports] == ["日本"]
    with pytest.raises(pywasm.Trap) as caught:
        Instance(module).exports["日本"]()
    assert caught.value.frames[0].function_name == "naïve"


@pytest.mark.parametrize(
    ("literal", "name"),
    [
        ("€", "€"),
        (r"\e2\82\ac", "€"),
        (r"\u{20ac}", "€"),
        (r"\u{1F600}", "😀"),
        (r"\t\n\r\"\'\\", "\t\n\r\"'\\"),
        (r"a\00b", "a\0b"),
        ("", ""),
        ("\u202e", "\u202e"),
    ],
)
def test_names_of_exports_to_the_byte(store, literal, name):
    module = Module(store, f'(module (func (export "{literal}") (result i32) i32.const 7))')
    assert [export.name for export in module.exports] == [name]
    assert Instance(module).exports[name]() == 7
    again = wat2wasm(wasm2wat(wat2wasm(f'(module (func (export "{literal}")))')))
    assert [export.name for export in Module(store, again).exports] == [name]


def test_all_bytes_in_data(store):
    escaped = "".join(f"\\{byte:02x}" for byte in range(256))
    text = f'(module (memory (export "m") 1) (data (i32.const 0) "{escaped}"))'
    assert Instance(Module(store, text)).exports.m.read(0, 256) == bytes(range(256))
    again = wat2wasm(wasm2wat(wat2wasm(text)))
    assert Instance(Module(store, again)).exports.m.read(0, 256) == bytes(range(256))


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "column", "found", "expected"),
    [
        ("(module\n  (func (result i32)\n    i32.cnst 1))", 3, 5, "i32.cnst", "an instruction"),
        ("(mod", 1, 2, "mod", "a module field"),
        ("(module (func (i32.const x)))", 1, 26, "x", "an integer"),
        ("(module (func (i32.const 1.5)))", 1, 26, "1.5", "an integer"),
        ("(module))", 1, 9, ")", "the end of the text"),
        ("(module\r\n(fun))", 2, 2, "fun", "a module field"),
        ("(module\r(fun))", 2, 2, "fun", "a module field"),
        ("(module\n\n\n  (memory x))", 4, 11, "x", "a"),
        ("(; € ;) (fun)", 1, 10, "fun", "a module field"),
    ],
)
def test_an_error_shows_the_place(text, line, column, found, expected):
    place = refused(text)
    assert (place.line, place.column) == (line, column)
    assert found in place.message
    assert f"expected {expected}" in place.message
    lines = re.split("\r\n|\r|\n", text)
    assert place.text == lines[line - 1]
    assert place.caret == column - 1
    assert place.text[place.caret :].startswith(found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(module", "the ( at 1:1 is not closed"),
        ("(module (func (block $l", "the ( at 1:15 is not closed"),
        ("(; (; ;)", "comment"),
        ('(module (func (export "a', "string"),
        (r'(module (func (export "\q")))', "escape"),
        (r'(module (func (export "\ff")))', "UTF-8"),
        ("(module (func call $nobody))", "unknown function $nobody"),
        ("(module (func br $nowhere))", "unknown label $nowhere"),
        ("(module (func $f) (func $f))", "$f"),
        ("(module (func (i32.const 0x1_0000_0000)))", "i32 constant out of range"),
        ("(module (func (f32.const 1e39)))", "f32 constant out of range"),
        ("(module) (module)", "expected the end of the text"),
    ],
)
def test_an_error_says_what_is_wrong(store, text, message):
    assert message in refused(text).message
    for source in text, text.encode():
        with pytest.raises(CompileError, match=re.escape(message)):
            Module(store, source)


@pytest.mark.parametrize("text", ["\0", "(module \0)", "(module)\0", '(module (func $"a\0b"))'])
def test_nul_in_text(text):
    assert refused(text).line == 1


@pytest.mark.parametrize(
    "text",
    [
        "(module \ud800)",
        b"(module \xff)",
        b"(module \xc0\x80)",
        b"\xff\xfe(\0m\0",
        "\ufeff(module)",
    ],
)
def test_text_that_is_no_unicode(text):
    assert refused(text).line == 1


def test_an_error_in_a_long_line_shows_a_part_of_it():
    place = refused(f"(module {'(func) ' * 10_000} (fun) {'(func) ' * 10_000})")
    assert place.column == 8 + 7 * 10_000 + 2 + 1
    assert len(place.text) < 200
    assert place.text[place.caret :].startswith("fun")


def test_an_error_in_an_invalid_module(store):
    with pytest.raises(CompileError, match=r"^Validation error: type mismatch"):
        Module(store, "(module (func (result i32)))")
    assert wat2wasm("(module (func (result i32)))"), "to translate is not to validate"


@pytest.mark.parametrize("binary", [b"", b"\0", b"\0asm", b"(module)", EMPTY + b"\1", EMPTY * 2])
def test_wasm2wat_of_what_is_no_module(binary):
    with pytest.raises(CompileError, match="offset 0x"):
        wasm2wat(binary)


def test_features_that_are_missing_are_named(store):
    with pytest.raises(CompileError, match="GC"):
        Module(store, "(module (type (struct)))")
    with pytest.raises(CompileError, match="memory64"):
        Module(store, "(module (memory i64 1))")


def outcome(function, source):
    """What a function returns, or the CompileError that it raises."""
    try:
        return function(source)
    except CompileError as error:
        return error


# --- there and back -----------------------------------------------------------------------------

MODULES = [
    "(module)",
    ADD,
    '(module $m (import "a" "b" (func $f (param f32) (result i64 externref))) (start 1) (func))',
    "(module (memory 1 2 shared) (func (drop (i32.atomic.load offset=4 (i32.const 0)))))",
    '(module (table 1 2 funcref) (elem (i32.const 0) func 0) (func (export "f")))',
    "(module (global (mut v128) (v128.const i32x4 1 2 3 -4)) (func (param v128) (local i64 f64)))",
    "(module (func (f32.const nan:0x200000) (f64.const -0x1.8p-1074) drop drop))",
    "(module (tag $t (param i32)) (func (block $b (result i32) (try_table (catch $t $b)"
    " (throw $t (i32.const 1))) (i32.const 0)) drop))",
    "(module (func $f (param i32) (return_call $f (local.get 0))))",
    "(module (func (block (block (br_table 0 1 0 (i32.const 2)))) (if (i32.const 1) (then nop))))",
    '(module (@custom "producers" "\\00") (func))',
    "(module (type $t (func)) (func (param (ref null $t)) (call_ref $t (local.get 0))))",
]


@pytest.mark.parametrize("text", MODULES, ids=range(len(MODULES)))
def test_there_and_back(text):
    binary = wat2wasm(text)
    printed = wasm2wat(binary)
    assert wat2wasm(printed) == binary
    assert wasm2wat(wat2wasm(printed)) == printed


ATOMS = ["module", "func", "param", "result", "i32", "block", "end", "i32.const", "$x", "0", "nan"]
TOKENS = [*ATOMS, "(", ")", "(", ")", '"a"', ";;", "(;", ";)", "\n", "(@", "\\", "\0", "é"]


@hypothesis.given(st.lists(st.sampled_from(TOKENS), max_size=40).map(" ".join) | st.text())
def test_any_text_is_a_module_or_an_error(text):
    found = outcome(wat2wasm, text)
    if isinstance(found, bytes):
        assert wat2wasm(wasm2wat(found)) == found
    else:
        assert Place(str(found)).column >= 1


@hypothesis.given(st.binary() | st.binary().map(EMPTY.__add__))
def test_any_bytes_are_a_module_or_an_error(content):
    assert outcome(wat2wasm, content) is not None
    assert outcome(wasm2wat, content) is not None


# --- huge and hostile ---------------------------------------------------------------------------

MEGABYTE = 1 << 20
HOSTILE = {
    "open": "(" * MEGABYTE,
    "closed": "(" * (MEGABYTE // 2) + ")" * (MEGABYTE // 2),
    "close": ")" * MEGABYTE,
    "comments": "(;" * (MEGABYTE // 2),
    "annotations": "(@a " * (MEGABYTE // 4),
    "a name": "$" + "a" * MEGABYTE,
    "a string": '(module (data "' + "a" * MEGABYTE + '"))',
    "an open string": '"' + "\\" * MEGABYTE,
    "a number": "(module (func (i64.const " + "1" * MEGABYTE + ")))",
    "a float": "(module (func (f64.const 0." + "1" * MEGABYTE + "e-999999)))",
    "underscores": "(module (func (i64.const 1" + "_1" * (MEGABYTE // 2) + ")))",
    "blocks": "(module (func " + "(block " * (MEGABYTE // 7),
    "flat blocks": "(module (func "
    + "block " * (MEGABYTE // 12)
    + "end " * (MEGABYTE // 12)
    + "))",
    "folded": "(module (func " + "(drop " * (MEGABYTE // 6),
    "labels": "(module (func " + " ".join(f"(block $l{i}" for i in range(MEGABYTE // 16)),
    "types": "(module " + "(type (func))" * (MEGABYTE // 13) + ")",
    "functions": "(module " + "(func)" * (MEGABYTE // 6) + ")",
    "parameters": "(module (func (param " + "i32 " * (MEGABYTE // 4) + ")))",
    "locals": "(module (func (local " + "i32 " * (MEGABYTE // 4) + ")))",
    "arms": "(module (func (br_table " + "0 " * (MEGABYTE // 2) + "(i32.const 0))))",
    "names": "(module " + " ".join(f"(func $f{i})" for i in range(MEGABYTE // 16)) + ")",
    "lines": "\n" * MEGABYTE + "(fun)",
    "NULs": "\0" * MEGABYTE,
    "wide": "€" * (MEGABYTE // 3),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_megabyte_of_anything_ends(text):
    start = time.monotonic()
    found = outcome(wat2wasm, text)
    if isinstance(found, bytes):
        printed = outcome(wasm2wat, found)
        assert isinstance(printed, CompileError) or wat2wasm(printed) == found
    else:
        assert len(str(found)) < 2000
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("kind", ["types", "functions", "parameters", "locals", "names"])
def test_a_megabyte_given_to_a_store(store, kind):
    found = outcome(lambda text: Module(store, text), HOSTILE[kind])
    assert isinstance(found, Module) or len(str(found)) < 2000


def test_other_threads_run_meanwhile(python):
    counted = python("""
import threading, pywasm
text, count, done = "(module " + "(func (nop))" * 500_000 + ")", 0, False
def translate():
    global done
    pywasm.wat2wasm(text)
    done = True
thread = threading.Thread(target=translate)
thread.start()
while not done:
    count += 1
thread.join()
print(count)
""")
    assert int(counted) > 1000, "the GIL is let go"
