package wat

// Classes of the characters that words are made of:
// https://webassembly.github.io/spec/core/text/values.html#text-idchar
const (
	classID = 1 << iota
	classQuote
	classReserved
)

var charClass = makeCharClass()

func makeCharClass() (t [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		t[c] = classID
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = classID, classID
	}
	for _, c := range "!#$%&'*+-./:<=>?@\\^_`|~" {
		t[c] = classID
	}
	for _, c := range ",;[]{}" {
		t[c] = classReserved
	}
	t['"'] = classQuote
	return t
}
