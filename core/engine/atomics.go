package engine

import "github.com/pywasm-go/pywasm/core/wasm"

// exchangeLoops stand for and, or and xor on shared memory. wazero's compiler makes a loop of each, in which it may
// take the address back from the stack, into the register of the operand: if another thread gets in between, the next
// turn works with that.
func exchangeLoops() map[wasm.Opcode]expansion {
	rules := map[wasm.Opcode]expansion{}
	for _, typ := range []string{"i32", "i64"} {
		for _, size := range []string{"", "8", "16", "32"} {
			for _, operator := range []string{"and", "or", "xor"} {
				suffix := ""
				if size != "" {
					suffix = "_u"
				}
				if op, ok := wasm.OpcodeByName(typ + ".atomic.rmw" + size + "." + operator + suffix); ok {
					rules[op] = exchangeLoop(typ, size, suffix, operator)
				}
			}
		}
	}
	return rules
}

// exchangeLoop makes a loop that is left when nobody changed what it computed the new value of.
func exchangeLoop(typ, size, suffix, operator string) expansion {
	const address = scratchI32
	operand, old := uint32(scratchI32+1), uint32(scratchI32+2)
	if typ == "i64" {
		operand, old = scratchI64, scratchI64+1
	}
	load := opcode(typ + ".atomic.load" + size + suffix)
	exchange := opcode(typ + ".atomic.rmw" + size + ".cmpxchg" + suffix)
	apply, differs := opcode(typ+"."+operator), opcode(typ+".ne")
	return func(b, immediates []byte, first uint32) []byte {
		b = localSet(localSet(b, first+operand), first+address)
		b = wasm.AppendBlockType(wasm.OpLoop.Append(b), wasm.BlockType{})
		b = localGet(localGet(b, first+address), first+address)
		b = append(load.Append(b), immediates...)
		b = wasm.AppendU32(wasm.OpLocalTee.Append(b), first+old)
		b = apply.Append(localGet(localGet(b, first+old), first+operand))
		b = append(exchange.Append(b), immediates...)
		b = differs.Append(localGet(b, first+old))
		b = wasm.AppendU32(wasm.OpBrIf.Append(b), 0)
		return localGet(wasm.OpEnd.Append(b), first+old)
	}
}
