package wasm

import "sort"

// locals knows the types of the parameters and locals of a function, and which of those without a default value have
// been set. Since a few bytes can declare many locals, memory and time stay proportional to the size of the body.
//
// https://webassembly.github.io/spec/core/valid/instructions.html#variable-instructions
type locals struct {
	params int
	count  int
	types  []ValType // of as many of the first as the body can refer to cheaply
	runs   []LocalRun
	ends   []int // the index after each run
	strict bool  // there are locals without a default value

	set   []uint32 // those that have been set since, in the order in which this happened
	isSet []uint64 // the same as bits
}

func (l *locals) enter(params []ValType, c *Code) {
	l.params, l.count = len(params), len(params)
	l.types = append(l.types[:0], params...)
	l.runs, l.ends, l.strict = c.Locals, l.ends[:0], false
	room := len(params) + len(c.Body.Bytes)
	for _, run := range c.Locals {
		for n := min(int(run.Count), room-len(l.types)); n > 0; n-- {
			l.types = append(l.types, run.Type)
		}
		l.count += int(run.Count)
		l.ends = append(l.ends, l.count)
		l.strict = l.strict || !run.Type.Defaultable()
	}
	for l.strict && len(l.isSet)*64 < l.count {
		l.isSet = append(l.isSet, 0)
	}
}

func (l *locals) leave() { l.forget(0) }

// forget undoes all but the first n settings.
func (l *locals) forget(n int) {
	for _, i := range l.set[n:] {
		l.isSet[i/64] &^= 1 << (i % 64)
	}
	l.set = l.set[:n]
}

// typeOf returns the type of a local, or false if there is no such local.
func (l *locals) typeOf(index uint32) (ValType, bool) {
	switch {
	case int(index) < len(l.types):
		return l.types[index], true
	case int(index) >= l.count:
		return 0, false
	}
	run := sort.Search(len(l.ends), func(i int) bool { return l.ends[i] > int(index) })
	return l.runs[run].Type, true
}

// initialized reports whether a local may be read.
func (l *locals) initialized(index uint32, t ValType) bool {
	return !l.strict || t.Defaultable() || int(index) < l.params || l.isSet[index/64]>>(index%64)&1 != 0
}

// markSet notes that a local was set.
func (l *locals) markSet(index uint32, t ValType) {
	if !l.initialized(index, t) {
		l.isSet[index/64] |= 1 << (index % 64)
		l.set = append(l.set, index)
	}
}
