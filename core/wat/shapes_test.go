package wat

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// shape makes a text of about n bytes.
type textShape struct {
	name string
	text func(n int) string
}

func repeat(before, unit, after string) func(int) string {
	return func(n int) string { return before + strings.Repeat(unit, n/len(unit)) + after }
}

// nested closes what it opens.
func nested(before, opening, closing, after string) func(int) string {
	return func(n int) string {
		depth := n / (len(opening) + len(closing))
		return before + strings.Repeat(opening, depth) + strings.Repeat(closing, depth) + after
	}
}

func numbered(before, format, after string) func(int) string {
	return func(n int) string {
		var b strings.Builder
		b.WriteString(before)
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String() + after
	}
}

var textShapes = []textShape{
	{"parentheses", repeat("", "(", "")},
	{"closing", repeat("", ")", "")},
	{"block comments", repeat("", "(;", "")},
	{"comments", nested("", "(;", ";)", "")},
	{"line comments", repeat("", ";;\n", "")},
	{"annotations", nested("", "(@a", ")", "")},
	{"custom annotations", nested("", "(@custom", ")", "")},
	{"custom sections", repeat("", `(@custom "a" (after func) "b")`, "")},
	{"fields", repeat("", "(func)", "")},
	{"types", numbered("", "(type $t%d (func))", "")},
	{"a long identifier", repeat("(func $", "a", ")")},
	{"a long quoted identifier", repeat(`(func $"`, `\41`, `")`)},
	{"a long keyword", repeat("(func ", "a", ")")},
	{"a long string", repeat(`(memory (data "`, `\u{41}`, `"))`)},
	{"an unclosed string", repeat(`(data "`, "a", "")},
	{"an endless escape", repeat(`(data "\u{`, "0", `}")`)},
	{"a long integer", repeat("(func (drop (i32.const ", "0", ")))")},
	{"a long decimal", repeat("(func (drop (f64.const 0.", "123", ")))")},
	{"a long hexadecimal", repeat("(func (drop (f32.const 0x1.", "0f", ")))")},
	{"a long exponent", repeat("(func (drop (f64.const 1e", "9", ")))")},
	{"instructions", repeat("(func ", "nop ", ")")},
	{"folded", nested("(func ", "(drop ", ")", ")")},
	{"folded operands", nested("(func (drop ", "(i32.eqz ", ")", "))")},
	{"folded blocks", nested("(func ", "(block ", ")", ")")},
	{"named blocks", nested("(func ", "(block $a ", ")", ")")},
	{"flat blocks", nested("(func ", "block ", "end ", ")")},
	{"unclosed blocks", repeat("(func ", "block ", ")")},
	{"ifs", nested("(func ", "(if (i32.const 0) (then ", "))", ")")},
	{"conditions", nested("(func ", "(if (result i32) ", "(then))", ")")},
	{"branches to the outermost block", func(n int) string {
		depth := n / 20
		return "(func block $z " + strings.Repeat("block br $z ", depth) + strings.Repeat("end ", depth) + "end)"
	}},
	{"shadowing labels", nested("(func ", "block $a br $a ", "end ", ")")},
	{"try_tables", nested("(func ", "try_table (catch_all 0) ", "end ", ")")},
	{"br_table", repeat("(func (br_table ", "0 ", "(i32.const 0)))")},
	{"locals", repeat("(func (local ", "i32 ", "))")},
	{"named locals", numbered("(func ", "(local $l%d i32)", ")")},
	{"many locals, then many functions", func(n int) string {
		return numbered("(func ", "(local $l%d i32)", ")")(n/2) + repeat("", "(func (local $x i32))", "")(n/2)
	}},
	{"a long type", repeat("(func (param ", "i32 ", "))")},
	{"a long type used often", func(n int) string {
		return "(type (func (param " + strings.Repeat("i32 ", n/8) + ")))" + strings.Repeat("(func (type 0))", n/30)
	}},
	{"implicit types", func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString("(func (param " + strings.ReplaceAll(fmt.Sprintf("%012b", i%4096), "0", "i32 ") + "))")
		}
		return strings.ReplaceAll(b.String(), "1", "i64 ")
	}},
	{"recursion groups", repeat("", "(rec (type (func)))", "")},
	{"one recursion group", repeat("(rec ", "(type (func))", ")")},
	{"element segments", repeat("(func $f)", "(elem func $f)", "")},
	{"a long element segment", repeat("(func $f)(elem func ", "$f ", ")")},
	{"element expressions", repeat("(func $f)(elem funcref ", "(ref.func $f)", ")")},
	{"exports", repeat("(func ", `(export "a")`, ")")},
	{"imports", repeat("", `(import "" "" (func))`, "")},
	{"deep constant expressions", nested("(global i32 ", "(i32.eqz ", ")", ")")},
	{"lines", repeat("", "\n", "(")},
	{"not UTF-8", repeat("(func ;;", "\xff", "")},
	{"unicode", repeat("(; ", "ü", " ;)")},
	{"operators that need scanning", repeat("(func (call_indirect ", "(param i32)", ")")},
	{"scripts", repeat("", `(module)`, "")},
	{"broken modules", repeat("", `(module (x))`, "")},
	{"quoted modules", repeat("", `(assert_malformed (module quote "(x") "")`, "")},
	{"results", repeat(`(assert_return (invoke "a") `, "(i32.const 0)", ")")},
	{"nested patterns", nested(`(assert_return (invoke "a") `, "(either ", ")", ")")},
}

// TestShapesTakeLinearTime gives the parsers a megabyte of everything that
// could make them slow, or overflow their stack. The bound is far above what a
// slow machine needs, and far below what quadratic time would.
func TestShapesTakeLinearTime(t *testing.T) {
	const bound = 4 * time.Second
	size := 1 << 20
	if testing.Short() {
		size = 1 << 16
	}
	for _, s := range textShapes {
		t.Run(s.name, func(t *testing.T) {
			src := []byte(s.text(size))
			start := time.Now()
			m, err := Parse(src)
			if took := time.Since(start); took > bound {
				t.Errorf("Parse took %v", took)
			}
			if testing.Verbose() {
				t.Log(time.Since(start), err != nil)
			}
			start = time.Now()
			if err == nil {
				_, _ = Print(m)
				if took := time.Since(start); took > bound {
					t.Errorf("Print took %v", took)
				}
			}
			start = time.Now()
			_, _ = ParseScript(src)
			if took := time.Since(start); took > bound {
				t.Errorf("ParseScript took %v", took)
			}
		})
	}
}
