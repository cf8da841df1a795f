package wat

import (
	"fmt"
	"strings"
	"testing"
)

// tokens spells what the lexer makes of a text: a letter for the kind of each
// token, and its spelling.
func tokens(text string) string {
	toks, err := lex(&source{text: []byte(text)})
	var out []string
	for _, t := range toks[:len(toks)-1] {
		letter := map[kind]string{
			tokLParen: "", tokRParen: "", tokAnnot: "a", tokKeyword: "k", tokReserved: "r", tokID: "i", tokString: "s",
			tokNat: "n", tokInt: "z", tokFloat: "f",
		}[t.kind]
		out = append(out, letter+text[t.off:t.end])
	}
	if err != nil {
		out = append(out, fmt.Sprintf("! %d:%d %s", err.Line, err.Col, err.Msg))
	}
	return strings.Join(out, " ")
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]string{
		"(func $f)":                  "( kfunc i$f )",
		"nop;;x\nnop":                "knop knop",
		"nop;;x\rnop":                "knop knop",
		"a(;b(;c;)d;)e":              "ka ke",
		"(;;)":                       "",
		"(;;;)":                      "",
		"0$l $l\"a\" \"a\"":          "r0$l r$l\"a\" s\"a\"",
		"$\"a b\" \"a\"\"b\"":        "i$\"a b\" r\"a\"\"b\"",
		"1 -1 1.0 nan i32.add":       "n1 z-1 f1.0 fnan ki32.add",
		"a,b [c] {} ;":               "ra,b r[c] r{} r;",
		"nan:canonical inf":          "knan:canonical finf",
		"(@x ) a":                    "ka",
		`(@x ")" (y) (;);)(@(z))) a`: "ka",
		`(@custom "x")`:              `a(@custom s"x" )`,
		`(@"custom" "x")`:            `a(@"custom" s"x" )`,
		"A":                          "rA",

		"\x00":             "! 1:1 illegal character '\\x00'",
		"a\nü":             "ka ! 2:1 illegal character 'ü'",
		"ab \xff":          "kab ! 1:4 malformed UTF-8 encoding",
		"(; \xff ;)":       "! 1:4 malformed UTF-8 encoding",
		"x (; (; ;)":       "kx ! 1:3 unclosed comment",
		"\"a":              "! 1:1 unclosed string",
		"\"a\nb\"":         "! 1:1 unclosed string",
		"\"a\x01b\"":       "! 1:3 illegal character '\\x01' in a string",
		"$":                "! 1:1 empty identifier",
		"$\"\"":            "! 1:1 empty identifier",
		"$ \"a\"":          "! 1:1 empty identifier",
		"(@)":              "! 1:1 empty annotation id",
		"(@x (":            "! 1:1 unclosed annotation",
		"(@x \"":           "! 1:5 unclosed string",
		`"\u{110000}"`:     "! 1:2 illegal escape in a string: no Unicode scalar value",
		`"\u{d800}"`:       "! 1:2 illegal escape in a string: no Unicode scalar value",
		`"\u{}"`:           "! 1:2 illegal escape in a string: no Unicode scalar value",
		`"\u{1"`:           "! 1:2 illegal escape in a string: expected hexadecimal digits and }",
		"\"\\":             "! 1:2 unclosed string",
		"\r\n\n\r (@\"\")": "! 4:2 empty annotation id",
	} {
		if got := tokens(text); got != want {
			t.Errorf("%q\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestStrings(t *testing.T) {
	for text, want := range map[string]string{
		`""`:                      "",
		`"\t\n\r\"\'\\"`:          "\t\n\r\"'\\",
		`"\00\fF\7f"`:             "\x00\xff\x7f",
		`"\u{0}\u{1_F600}\u{e9}"`: "\x00😀é",
		`"a😀"`:                    "a😀",
		`"\u{000000000000041}"`:   "A",
	} {
		if toks, err := lex(&source{text: []byte(text)}); err != nil || len(toks) != 2 || toks[0].kind != tokString {
			t.Errorf("%s is no string: %v", text, err)
		} else if got := string(appendString(nil, []byte(text))); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestMatchingParentheses(t *testing.T) {
	toks, _ := lex(&source{text: []byte("(a (b) (@name) c")})
	for open, want := range map[int]uint32{0: 8, 2: 4, 5: 6} {
		if toks[open].match != want {
			t.Errorf("token %d is closed by %d, want %d", open, toks[open].match, want)
		}
	}
}
