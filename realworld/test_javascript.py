"""JavaScript: QuickJS runs it, esbuild bundles it."""

SCRIPT = """
const caught = (() => { try { null.x } catch (error) { return error.name } })();
JSON.stringify({
    squares: [3, 1, 2].sort().map(x => x ** 2),
    big: (2n ** 100n).toString(),
    match: /a(b+)c/u.exec("xabbbc")[1],
    generator: [...function* () { yield* [1, 2] }()],
    typed: Array.from(new Float32Array([0.1])),
    caught,
})
"""
RESULT = (
    '{"squares":[1,4,9],"big":"1267650600228229401496703205376","match":"bbb",'
    '"generator":[1,2],"typed":[0.10000000149011612],"caught":"TypeError"}'
)


def test_quickjs_evaluates(reactor):
    quickjs, _ = reactor("quickjs", "wasm_malloc")
    exports = quickjs.exports
    assert exports.qjs_init() == 0
    value = exports.qjs_eval(*quickjs.text(SCRIPT), quickjs.text("script.js")[0], 0)
    assert not exports.qjs_is_exception(value)
    assert quickjs.string(exports.qjs_get_string(value)) == RESULT


def test_esbuild_bundles(run):
    files = {
        "main.ts": b'import {b} from "./lib/b"; const x: number = b; console.log(x ?? 1)',
        "lib/b.ts": b"export const b = 42; export const unused = 1",
    }
    options = ["--bundle", "--minify", "--format=esm", "--outfile=/out.js"]
    done = run("esbuild", *options, "/main.ts", files=files)
    assert done.returncode == 0, done.stderr
    assert done.files["out.js"] == b"var n=42;console.log(n??1);\n"
    failed = run("esbuild", "--bundle", "/main.ts", files={"main.ts": b'import "./missing"'})
    assert failed.returncode == 1
    assert 'Could not resolve "./missing"' in failed.stderr
