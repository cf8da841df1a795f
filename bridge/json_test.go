package bridge

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// TestJSONIsThatOfTheStandardLibrary reads what toJSON writes with encoding/json, and writes it again with that.
func TestJSONIsThatOfTheStandardLibrary(t *testing.T) {
	var characters strings.Builder
	for c := range rune(0x180) {
		characters.WriteRune(c)
	}
	name, maximum, exit := "näme \U0001F600 \xff\xc0", uint64(math.MaxUint64), uint32(0)
	for _, value := range []any{
		description{},
		description{Name: &name, Imports: []importRecord{{characters.String(), "", externType{Params: []int{-1, 0, math.MaxInt}}}}},
		description{Exports: []exportRecord{{"a", math.MaxUint32, externType{Kind: 3, Mutable: true, Maximum: &maximum}}, {}}},
		inspection{Features: []string{"simd", "\u2028</script>"}, Memories: []inspectedLimits{{}, {Element: "funcref", Shared: true}}},
		detail{},
		detail{Exit: &exit},
		detail{Trap: "unreachable", Frames: []frame{{"m", 1, "f\x00\n"}}},
	} {
		wanted, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if got, wanted := reread(t, toJSON(value)), reread(t, string(wanted)); got != wanted {
			t.Errorf("got %s, wanted %s", got, wanted)
		}
	}
}

// reread has the text without differences that mean nothing.
func reread(t *testing.T, text string) string {
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
