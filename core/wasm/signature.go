package wasm

// signature is what validation of an opcode needs, dense: the types of at most three operands and one result.
type signature struct {
	params   [3]uint8
	count    uint8 // of params
	result   uint8 // or 0
	constant bool  // allowed in constant expressions
}

var signatures = buildSignatures()

// checks validate the opcodes whose types are not all there is to check.
var checks = buildChecks()

// constantOps are the instructions of constant expressions.
//
// https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
var constantOps = [...]Opcode{
	OpI32Const, OpI64Const, OpF32Const, OpF64Const, OpV128Const, OpRefNull, OpRefFunc, OpGlobalGet, OpEnd,
	OpI32Add, OpI32Sub, OpI32Mul, OpI64Add, OpI64Sub, OpI64Mul,
}

func buildSignatures() *[opcodeCount]signature {
	sigs := new([opcodeCount]signature)
	for op := range sigs {
		info, sig := &opcodeInfo[op], &sigs[op]
		for i, t := range info.Params {
			sig.params[i] = uint8(t)
		}
		sig.count = uint8(len(info.Params))
		if len(info.Results) > 0 {
			sig.result = uint8(info.Results[0])
		}
	}
	for _, op := range constantOps {
		sigs[op].constant = true
	}
	return sigs
}

func buildChecks() *[opcodeCount]func(*validator) {
	all := new([opcodeCount]func(*validator))
	for op := range all {
		all[op] = immediateChecks[opcodeInfo[op].Imm]
	}
	for op, check := range opcodeChecks {
		all[op] = check
	}
	return all
}

// apply pops the operands of an instruction of simple type and pushes its result.
func (v *validator) apply(sig *signature) {
	for i := sig.count; i > 0; i-- {
		v.popType(ValType(sig.params[i-1]))
	}
	if sig.result != 0 {
		v.push(ValType(sig.result))
	}
}

// immediateChecks check the immediates of instructions whose type is simple, then their operands.
var immediateChecks = [...]func(*validator){
	ImmMemArg:       (*validator).memoryAccess,
	ImmMemArgLane:   (*validator).memoryAccessLane,
	ImmLane:         (*validator).lane,
	ImmShuffle:      (*validator).shuffle,
	ImmMemory:       func(v *validator) { v.memory(v.it.Index); v.applyOp() },
	ImmMemoryMemory: func(v *validator) { v.memory(v.it.Index); v.memory(v.it.Index2); v.applyOp() },
	ImmDataMemory:   func(v *validator) { v.memory(v.it.Index2); v.dataSegment(v.it.Index); v.applyOp() },
	ImmData:         func(v *validator) { v.dataSegment(v.it.Index); v.applyOp() },
	ImmElem:         func(v *validator) { v.elemSegment(v.it.Index); v.applyOp() },
	immUnknown:      nil, // Next gives no such instruction
}

// opcodeChecks validate the instructions whose type depends on their immediates or on the stack.
var opcodeChecks = map[Opcode]func(*validator){
	OpUnreachable: (*validator).unreachable,
	OpBlock:       (*validator).block,
	OpLoop:        (*validator).block,
	OpIf:          (*validator).block,
	OpElse:        (*validator).elseBlock,
	OpEnd:         (*validator).end,
	OpTryTable:    (*validator).tryTable,
	OpThrow:       (*validator).throw,
	OpThrowRef:    func(v *validator) { v.popType(ExnRef); v.unreachable() },

	OpBr:           func(v *validator) { v.popAll(v.label(v.it.Index)); v.unreachable() },
	OpBrIf:         (*validator).brIf,
	OpBrTable:      (*validator).brTable,
	OpBrOnNull:     (*validator).brOnNull,
	OpBrOnNonNull:  (*validator).brOnNonNull,
	OpReturn:       func(v *validator) { v.popAll(v.frames[0].results); v.unreachable() },
	OpCall:         func(v *validator) { v.invoke(v.callee()) },
	OpCallIndirect: func(v *validator) { v.invoke(v.calleeIndirect()) },
	OpCallRef:      func(v *validator) { v.invoke(v.calleeRef()) },

	OpReturnCall:         func(v *validator) { v.tailInvoke(v.callee()) },
	OpReturnCallIndirect: func(v *validator) { v.tailInvoke(v.calleeIndirect()) },
	OpReturnCallRef:      func(v *validator) { v.tailInvoke(v.calleeRef()) },

	OpDrop:      func(v *validator) { v.pop() },
	OpSelect:    (*validator).selectUntyped,
	OpSelectT:   (*validator).selectTyped,
	OpLocalGet:  (*validator).localGet,
	OpLocalSet:  (*validator).localSet,
	OpLocalTee:  (*validator).localTee,
	OpGlobalGet: (*validator).globalGet,
	OpGlobalSet: (*validator).globalSet,

	OpTableGet:  func(v *validator) { t := v.table(v.it.Index); v.popType(I32); v.push(t) },
	OpTableSet:  func(v *validator) { t := v.table(v.it.Index); v.popType(t); v.popType(I32) },
	OpTableSize: func(v *validator) { v.table(v.it.Index); v.push(I32) },
	OpTableGrow: (*validator).tableGrow,
	OpTableFill: (*validator).tableFill,
	OpTableCopy: (*validator).tableCopy,
	OpTableInit: (*validator).tableInit,

	OpRefNull:      (*validator).refNull,
	OpRefFunc:      (*validator).refFunc,
	OpRefIsNull:    func(v *validator) { v.popRef(); v.push(I32) },
	OpRefAsNonNull: func(v *validator) { v.push(v.popRef().AsNonNull()) },
}
