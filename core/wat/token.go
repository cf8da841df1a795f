package wat

// kind classes a token:
// https://webassembly.github.io/spec/core/text/lexical.html#tokens
type kind uint8

const (
	tokEOF kind = iota
	tokLParen
	tokRParen
	// tokAnnot is the "(@id" that opens an annotation whose meaning we know.
	// All other annotations are white space.
	tokAnnot
	tokKeyword
	// tokReserved is a run of characters that no other token matches.
	tokReserved
	tokID
	tokString
	// tokNat is an integer without a sign, tokInt one with a sign.
	tokNat
	tokInt
	tokFloat
	// tokError ends the token list in place of tokEOF: the lexer stopped here.
	tokError
)

// token is a piece of the source. Tokens are kept in one slice, so that a
// parser can go back, and skip what stands between two parentheses at once.
type token struct {
	off, end uint32
	// match is the index of the token that closes this tokLParen or tokAnnot;
	// where none does, that of the last token. And that of the last token is the
	// innermost such parenthesis, or itself.
	match uint32
	kind  kind
}

// number tells whether a token is a numeric literal.
func (k kind) number() bool { return k >= tokNat && k <= tokFloat }

// annotations whose content reaches the parser.
var knownAnnotations = map[string]bool{
	"custom":       true,
	"name":         true,
	hintAnnotation: true,
}
