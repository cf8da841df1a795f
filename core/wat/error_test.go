package wat

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func ExampleError() {
	_, err := ToBinary([]byte("(module\n  (func (result i32)\n    i32.cnst 1))\n"))
	fmt.Println(err)
	// Output:
	// unknown operator i32.cnst, expected an instruction
	//      --> <anon>:3:5
	//       |
	//     3 |     i32.cnst 1))
	//       |     ^
}

// TestErrors checks what is said, and where.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text, want string
		line, col  int
	}{
		{"(mod", "unknown operator mod, expected a module field", 1, 2},
		{"(module", "unexpected token: the text ends here, and the ( at 1:1 is not closed", 1, 8},
		{"(module) (module)", "unexpected token (, expected the end of the text", 1, 10},
		{"(func\n (nop", "unexpected token: the text ends here, and the ( at 2:2 is not closed", 2, 6},
		{")", "unexpected token ), expected the end of the text", 1, 1},
		{"(result)", "unexpected token result, expected a module field", 1, 2},
		{"(func (i32.const))", "unexpected token ), expected an integer", 1, 17},
		{"(func (i32.const 0x1_0000_0000))", "i32 constant out of range: 0x1_0000_0000", 1, 18},
		{"(func (f32.const 1e39))", "f32 constant out of range: 1e39", 1, 18},
		{"(func (i32.const 1.5))", "unexpected token 1.5, expected an integer", 1, 18},
		{"(func br $l)", "unknown label $l", 1, 10},
		{"(func local.get $x)", "unknown local $x", 1, 17},
		{"(func call $x)", "unknown function $x", 1, 12},
		{"(func block $a end $b)", "mismatching label $b", 1, 20},
		{"(func end)", "unexpected token end, expected an instruction", 1, 7},
		{"(func block)", "unexpected token ), expected end", 1, 12},
		{"(func else)", "unexpected token else, expected an instruction", 1, 7},
		{"(func block else end)", "unexpected token else, expected an instruction", 1, 13},
		{"(func if else else end)", "unexpected token else, expected an instruction", 1, 15},
		{"(func (block end))", "unexpected token end, expected an instruction", 1, 14},
		{"(func (block block))", "unexpected token ), expected end", 1, 19},
		{"(func (if nop (then)))", "unexpected token nop, expected an instruction in parentheses, or )", 1, 11},
		{"(func (i32.add end))", "unexpected token end, expected an instruction", 1, 16},
		{"(func (i32.add block))", "unexpected token ), expected end", 1, 21},
		{"(func (if))", "unexpected token ), expected (then", 1, 10},
		{"(func (if (then) (nop)))", "unexpected token (, expected (else or )", 1, 18},
		{"(func (if (then) (else) (else)))", "unexpected token (, expected )", 1, 25},
		{"(func $a)\n\n   (func $a)", "duplicate func $a", 3, 10},
		{"(func (param $x i32) (local $x i32))", "duplicate local $x", 1, 29},
		{"(func) (import \"\" \"\" (func))", "import after function: imports come before all definitions", 1, 8},
		{"(start 0) (start 0)", "multiple start sections", 1, 11},
		{"(func (i32.load align=3 (i32.const 0)))", "alignment must be a power of two", 1, 17},
		{"(func (i32.load align=x (i32.const 0)))", "unknown operator align=x, expected a natural number behind =", 1, 17},
		{"(type $t (func)) (func (type $t) (param i32))", "inline function type: type 0 is ()", 1, 24},
		{"(func (type 3) (param i32))", "unknown type 3", 1, 7},
		{"(func (type 0)) (func (param i32))", "unknown type 0: no type definition has this index", 1, 7},
		{"(export \"\\ff\" (func 0))", "malformed UTF-8 encoding in a name", 1, 9},
		{"(export \"a\" (type 0))", "unexpected token type, expected func, table, memory, global or tag", 1, 14},
		{"(func (v128.const i8x16 1 2))", "wrong number of lane literals: expected 16", 1, 25},
		{"(func (table.copy 0))", "unexpected token ), expected a table index", 1, 20},
		{"(func (@custom \"x\"))", "misplaced @custom annotation, expected an instruction", 1, 7},
		{"(@metadata.code.branch_hint \"\\01\")", "@metadata.code.branch_hint annotation: not in a function", 1, 1},
		{"(func (@metadata.code.branch_hint \"\\01\") nop)", "@metadata.code.branch_hint annotation: invalid target, expected if or br_if", 1, 7},
		{"(global i32 i32.const ü)", "illegal character 'ü'", 1, 23},
		{"(func \"ü\" ,)", "unexpected token \"ü\", expected an instruction", 1, 7},
	} {
		_, err := Parse([]byte(c.text))
		e := (*Error)(nil)
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", c.text, err)
		} else if e.Msg != c.want || e.Line != c.line || e.Col != c.col {
			t.Errorf("%s\ngot  %d:%d %s\nwant %d:%d %s", c.text, e.Line, e.Col, e.Msg, c.line, c.col, c.want)
		}
	}
}

func TestUnsupportedFeaturesAreNamed(t *testing.T) {
	for text, feature := range map[string]string{
		"(type (struct))":                            "GC",
		"(type (sub (func)))":                        "GC",
		"(func (param anyref))":                      "GC",
		"(func (result (ref null i31)))":             "GC",
		"(func ref.null none)":                       "GC",
		"(func struct.new 0)":                        "GC",
		"(memory i64 1)":                             "memory64",
		"(table i64 1 funcref)":                      "memory64",
		"(memory 1 (pagesize 1))":                    "custom page sizes",
		"(func try end)":                             "legacy exceptions",
		"(func i64.add128)":                          "wide arithmetic",
		"(import \"\" \"\" (func (exact (type 0))))": "custom descriptors",
		"(type (cont 0))":                            "stack switching",
	} {
		_, err := Parse([]byte(text))
		e := (*Error)(nil)
		switch {
		case !errors.As(err, &e):
			t.Errorf("%s: %v", text, err)
		case e.Feature != feature, !strings.HasPrefix(e.Msg, "uses "+feature+": "), !strings.HasSuffix(e.Msg, ", not supported by this engine"):
			t.Errorf("%s: %q: %s", text, e.Feature, e.Msg)
		}
	}
}

// TestLongLinesAreCut checks the window around a fault, and its caret.
func TestLongLinesAreCut(t *testing.T) {
	text := "(func " + strings.Repeat("nop ", 10_000) + "?\t " + strings.Repeat("nop ", 10_000) + ")"
	_, err := Parse([]byte(text))
	e := (*Error)(nil)
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e.Line != 1 || e.Col != 40_007 || len(e.Text) > 130 || []rune(e.Text)[e.Caret] != '?' {
		t.Errorf("%+v", e)
	}
	if strings.Contains(e.Text, "\t") {
		t.Error("a tab shifts the caret")
	}
}
