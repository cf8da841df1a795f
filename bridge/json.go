package bridge

import (
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// toJSON writes structs, slices, pointers, text, numbers and truth values as encoding/json does, which would be 3 % of the
// wheel: fields are named by their tags, and left out with omitempty if they are zero.
func toJSON(v any) string {
	return string(appendJSON(nil, reflect.ValueOf(v)))
}

func appendJSON(out []byte, v reflect.Value) []byte {
	switch kind := v.Kind(); kind {
	case reflect.Struct:
		return appendFields(out, v)
	case reflect.Slice, reflect.Pointer:
		if v.IsNil() {
			return append(out, "null"...)
		}
		if kind == reflect.Pointer {
			return appendJSON(out, v.Elem())
		}
		return appendElements(out, v)
	case reflect.String:
		return appendText(out, v.String())
	case reflect.Bool:
		return strconv.AppendBool(out, v.Bool())
	}
	if v.CanInt() {
		return strconv.AppendInt(out, v.Int(), 10)
	}
	return strconv.AppendUint(out, v.Uint(), 10)
}

func appendFields(out []byte, v reflect.Value) []byte {
	out = append(out, '{')
	first := true
	for i := range v.NumField() {
		name, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if field := v.Field(i); option == "" || !isEmpty(field) {
			if !first {
				out = append(out, ',')
			}
			first = false
			out = appendJSON(append(appendText(out, name), ':'), field)
		}
	}
	return append(out, '}')
}

func isEmpty(v reflect.Value) bool {
	if v.Kind() == reflect.Slice {
		return v.Len() == 0
	}
	return v.IsZero()
}

func appendElements(out []byte, v reflect.Value) []byte {
	out = append(out, '[')
	for i := range v.Len() {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendJSON(out, v.Index(i))
	}
	return append(out, ']')
}

// appendText writes a string; what is not UTF-8 in it becomes U+FFFD. https://www.rfc-editor.org/rfc/rfc8259#section-7
func appendText(out []byte, text string) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', byte(c))
		case c < ' ':
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			out = utf8.AppendRune(out, c)
		}
	}
	return append(out, '"')
}
