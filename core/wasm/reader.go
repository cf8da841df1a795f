package wasm

import "unicode/utf8"

const (
	msgEnd     = "unexpected end of section or function"
	msgTooLong = "integer representation too long"
	msgTooBig  = "integer too large"
)

// reader reads the primitives of the binary format. After the first error it is at the end of its bytes and gives
// zeros, so that callers need to look at err only before they act on what was read.
//
// https://webassembly.github.io/spec/core/binary/values.html
type reader struct {
	b    []byte
	pos  int
	base int // offset of b in the file
	err  *Error
}

func (r *reader) fail(pos int, msg string) {
	if r.err == nil {
		r.err = malformed(r.base+pos, msg)
	}
	r.pos = len(r.b)
}

func (r *reader) refuse(pos int, f Feature, what string) {
	if r.err == nil {
		r.err = unsupported(r.base+pos, f, what)
	}
	r.pos = len(r.b)
}

func (r *reader) byte() byte {
	if r.pos >= len(r.b) {
		r.fail(len(r.b), msgEnd)
		return 0
	}
	r.pos++
	return r.b[r.pos-1]
}

// peek returns the next byte, or -1 at the end.
func (r *reader) peek() int {
	if r.pos >= len(r.b) {
		return -1
	}
	return int(r.b[r.pos])
}

func (r *reader) bytes(n uint32) []byte {
	if uint64(n) > uint64(len(r.b)-r.pos) {
		r.fail(len(r.b), msgEnd)
		return nil
	}
	r.pos += int(n)
	return r.b[r.pos-int(n) : r.pos : r.pos]
}

func (r *reader) u32() uint32 {
	if r.pos < len(r.b) && r.b[r.pos] < 0x80 { // most numbers take one byte
		r.pos++
		return uint32(r.b[r.pos-1])
	}
	return uint32(r.unsigned(32))
}

func (r *reader) u64() uint64 {
	if r.pos < len(r.b) && r.b[r.pos] < 0x80 {
		r.pos++
		return uint64(r.b[r.pos-1])
	}
	return r.unsigned(64)
}

func (r *reader) s32() int32 { return int32(r.signed(32)) }

func (r *reader) s33() int64 { return r.signed(33) }

func (r *reader) s64() int64 { return r.signed(64) }

// unsigned reads an unsigned LEB128 number of the given width.
func (r *reader) unsigned(width uint) (v uint64) {
	start := r.pos
	for shift := uint(0); ; shift += 7 {
		if r.pos >= len(r.b) {
			r.failCut(start, func(r *reader) { r.unsigned(width) })
			return 0
		}
		c := r.b[r.pos]
		if shift+7 > width { // the last byte there may be
			if c >= 0x80 {
				r.fail(r.pos, msgTooLong)
				return 0
			}
			if c>>(width-shift) != 0 {
				r.fail(r.pos, msgTooBig)
				return 0
			}
		}
		r.pos++
		v |= uint64(c&0x7F) << shift
		if c < 0x80 {
			return v
		}
	}
}

// signed reads a signed LEB128 number of the given width.
func (r *reader) signed(width uint) (v int64) {
	start := r.pos
	for shift := uint(0); ; shift += 7 {
		if r.pos >= len(r.b) {
			r.failCut(start, func(r *reader) { r.signed(width) })
			return 0
		}
		c := r.b[r.pos]
		if shift+7 > width { // the last byte there may be: its unused bits repeat the sign
			if c >= 0x80 {
				r.fail(r.pos, msgTooLong)
				return 0
			}
			if rest := int8(c<<1) >> (width - shift); rest != 0 && rest != -1 {
				r.fail(r.pos, msgTooBig)
				return 0
			}
		}
		r.pos++
		v |= int64(c&0x7F) << shift
		if c < 0x80 {
			if shift < 57 && c&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
}

// failCut reports a number that the end of the section cuts off. The test suite expects to hear of a number that is too
// long even there, so look at the bytes that follow the section.
func (r *reader) failCut(start int, read func(*reader)) {
	msg := msgEnd
	if len(r.b) < cap(r.b) {
		beyond := reader{b: r.b[start:cap(r.b):cap(r.b)]}
		if read(&beyond); beyond.err != nil {
			msg = beyond.err.Msg
		}
	}
	r.fail(len(r.b), msg)
}

// count reads the length of a vector whose items take at least one byte each.
func (r *reader) count() int {
	n := r.u32()
	if uint64(n) > uint64(len(r.b)-r.pos) {
		// Items follow that cannot all be there. Let the caller find the end, but never allocate for them.
		return len(r.b) - r.pos + 1
	}
	return int(n)
}

func (r *reader) name() string {
	start := r.pos
	b := r.bytes(r.u32())
	if !utf8.Valid(b) {
		r.fail(start, "malformed UTF-8 encoding")
		return ""
	}
	return string(b)
}
