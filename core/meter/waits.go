package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// longestWait, in nanoseconds, is how long a guest may sleep without a test.
const longestWait = 10_000_000

// What memory.atomic.wait returns if nobody woke it. (0 is woken, 1 is that the value was not as expected.)
const timedOut = 2

// waitFunction returns a function that does what memory.atomic.wait32 or wait64 does, in slices. Its parameters are those
// of the instruction: the address, the value expected there and the time in nanoseconds, without end if negative.
//
// A value that changed between two slices counts as woken: the one who changed it could not know that nobody was waiting
// just then.
func (in *injector) waitFunction(it *wasm.Iter) uint32 {
	value := wasm.I32
	if it.Op == wasm.OpAtomicWait64 {
		value = wasm.I64
	}
	w := waitWriter{injector: in, wait: it.Bytes()}
	return in.addFunction(
		wasm.FuncType{Params: []wasm.ValType{wasm.I32, value, wasm.I64}, Results: []wasm.ValType{wasm.I32}}, w.function(),
		wasm.LocalRun{Count: 1, Type: wasm.I64}, wasm.LocalRun{Count: 2, Type: wasm.I32},
	)
}

// The locals of the function.
const (
	waitAddress = iota
	waitExpected
	waitTime
	waitSlice // of the time
	waitLater // 1 after the first slice
	waitResult
)

type waitWriter struct {
	*injector
	wait []byte // the instruction
	code
}

// function writes the body:
//
//	(loop $next
//	  …safe point…
//	  (local.set $slice (select (local.get $time) longestWait (i64.le_u (local.get $time) longestWait)))
//	  (local.set $result (memory.atomic.wait32 (local.get $address) (local.get $expected) (local.get $slice)))
//	  (if (i32.eq (local.get $result) timedOut) (then
//	    (if (i64.ne (local.get $slice) (local.get $time)) (then …less time, later… (br $next))))))
//	(i32.and (local.get $result) (i32.xor (local.get $later) 3))
func (w *waitWriter) function() code {
	w.block(wasm.OpLoop)
	w.pay(&w.code, func() { w.i64(0) })
	w.at(wasm.OpLocalGet, waitTime)
	w.i64(longestWait)
	w.at(wasm.OpLocalGet, waitTime)
	w.i64(longestWait)
	w.ops(opI64LeU, wasm.OpSelect)
	w.at(wasm.OpLocalSet, waitSlice)
	for _, local := range [...]uint32{waitAddress, waitExpected, waitSlice} {
		w.at(wasm.OpLocalGet, local)
	}
	w.code = append(w.code, w.wait...)
	w.at(wasm.OpLocalTee, waitResult)
	w.i32(timedOut)
	w.ops(opI32Eq)
	w.block(wasm.OpIf)
	w.at(wasm.OpLocalGet, waitSlice)
	w.at(wasm.OpLocalGet, waitTime)
	w.ops(opI64Ne)
	w.block(wasm.OpIf)
	w.next()
	w.at(wasm.OpBr, 2)
	w.ops(wasm.OpEnd, wasm.OpEnd, wasm.OpEnd)
	w.at(wasm.OpLocalGet, waitResult)
	w.at(wasm.OpLocalGet, waitLater)
	w.i32(3)
	w.ops(opI32Xor, opI32And, wasm.OpEnd)
	return w.code
}

// next takes a slice from the time, unless that is without end.
func (w *waitWriter) next() {
	w.at(wasm.OpLocalGet, waitTime)
	w.at(wasm.OpLocalGet, waitSlice)
	w.i64(0)
	w.at(wasm.OpLocalGet, waitTime)
	w.i64(0)
	w.ops(opI64GeS, wasm.OpSelect, wasm.OpI64Sub)
	w.at(wasm.OpLocalSet, waitTime)
	w.i32(1)
	w.at(wasm.OpLocalSet, waitLater)
}
