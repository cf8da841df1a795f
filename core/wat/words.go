package wat

import "github.com/pywasm-go/pywasm/core/wasm"

// structureWords are the keywords that are no instructions. Those of legacy
// exceptions that can only follow "try" are among them, as "try" is refused.
var structureWords = makeSet(
	"module", "type", "rec", "import", "export", "func", "table", "memory", "global", "tag", "start", "elem", "data",
	"param", "result", "local", "mut", "ref", "null", "declare", "offset", "item", "then", "catch", "catch_ref",
	"catch_all", "catch_all_ref", "do", "delegate", "shared",
	"before", "after", "first", "last", "code", "datacount",
	// Of scripts.
	"binary", "quote", "definition", "instance", "register", "invoke", "get", "either", "nan:canonical",
	"nan:arithmetic", "ref.extern", "ref.host", "thread", "wait",
	"assert_return", "assert_trap", "assert_exhaustion", "assert_invalid", "assert_malformed", "assert_unlinkable",
	"assert_exception", "assert_invalid_custom", "assert_malformed_custom",
)

func makeSet(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

// knownWord tells whether a keyword has a meaning anywhere. One that has none
// is reported as unknown, not as misplaced.
func knownWord(w []byte) bool {
	s := string(w)
	if structureWords[s] || hasKey(w, "offset=") || hasKey(w, "align=") {
		return true
	}
	_, isOp := wasm.OpcodeByName(s)
	_, isVal := valTypes[s]
	_, isShape := shapes[s]
	_, isRefused := refusedTypes[s]
	return isOp || isVal || isShape || isRefused
}
