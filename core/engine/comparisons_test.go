package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wat"
)

// The ways in which an operand may come to be zero, or an and, of $x and $y, by the time it is compared.
var (
	zeroOperands = []string{"(%s.const 0)", "(local.get $zero)"}
	andOperands  = []string{
		"(%s.and (local.get $x) (local.get $y))",
		"(local.get $and)",
		"(block (result %[1]s) (%[1]s.and (local.get $x) (local.get $y)))",
		"(%[1]s.and (local.get $x) (local.get $y)) (nop)",
		"(local.tee $copy (local.get $and))",
	}
)

// A branch on the order of zero and an and goes where it should.
func TestComparisonsOfZero(t *testing.T) {
	for _, typ := range []string{"i32", "i64"} {
		var names []string
		var b strings.Builder
		b.WriteString("(module")
		for _, order := range []string{"lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u", "eq", "ne"} {
			for i, zero := range zeroOperands {
				for j, and := range andOperands {
					for k, operands := range []string{zero + and, and + zero} {
						name := fmt.Sprint(order, i, j, k)
						names = append(names, name)
						b.WriteString(comparing(name, typ, order, operands))
					}
				}
			}
		}
		each(t, func(t *testing.T, s *Store) {
			i := instantiate(t, s, b.String()+")")
			for _, name := range names {
				for x := range uint64(2) {
					compared, branched := call(t, i, name, x, 3, 0), call(t, i, name, x, 3, 1)
					if compared != branched {
						t.Errorf("%s.%s of %d: branches as for %d", typ, name, x, branched)
					}
				}
			}
		})
	}
}

// comparing is a function that compares, and that branches on the same if $branch is set.
func comparing(name, typ, order, operands string) string {
	condition := strings.ReplaceAll(strings.ReplaceAll(operands, "%[1]s", typ), "%s", typ) + typ + "." + order
	text := `(func (export "%s") (param $x T) (param $y T) (param $branch i32) (result i32)
		(local $zero T) (local $and T) (local $copy T)
		(local.set $and (T.and (local.get $x) (local.get $y)))
		(if (local.get $branch) (then %s (if (then (return (i32.const 1)))) (return (i32.const 0))))
		%s)`
	return fmt.Sprintf(strings.ReplaceAll(text, "T", typ), name, condition, condition)
}

// Only what may be misunderstood becomes longer.
func TestOtherComparisonsStay(t *testing.T) {
	for text, zeroes := range map[string]bool{
		"(i32.lt_s (local.get 0) (local.get 1))":                         false,
		"(i32.lt_u (local.get 0) (i32.load (local.get 1)))":              false,
		"(i32.eq (i32.const 0) (i32.and (local.get 0) (i32.const 1)))":   false,
		"(i32.gt_u (i32.and (local.get 0) (i32.const 7)) (i32.const 0))": true,
		"(i32.gt_s (i32.and (local.get 0) (i32.const 7)) (i32.const 0))": false,
		"(i32.lt_u (local.get 0) (local.get 2))":                         true,
	} {
		binary, err := wat.ToBinary([]byte(`(module (memory 1) (func (param i32 i32) (result i32) (local i32) ` + text + `))`))
		if err != nil {
			t.Fatal(err)
		}
		for _, mislead := range []bool{false, true} {
			m, err := decode(binary)
			if err != nil {
				t.Fatal(err)
			}
			before := len(m.Code[0].Body.Bytes)
			replaceComparisons(m, mislead)
			if longer := len(m.Code[0].Body.Bytes) > before; longer != (zeroes && mislead) {
				t.Errorf("%s, %v: longer is %v", text, mislead, longer)
			}
		}
	}
}
