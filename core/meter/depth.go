package meter

import (
	"errors"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

var errLocals = errors.New("meter: a function has no room for another local")

// Depth returns the module with a bound on how many calls of it may be active at once. The global, a mutable i32, is how
// many more there may be; the hook is called, again and again, when there may be none.
//
// Only functions that may call themselves, by way of others or not, count: those on cycles of the graph of calls, and those
// that catch exceptions. All others are as deep as they are many. A cycle through the host is the host's to bound, which
// sees every call.
//
// A guest that a panic unwinds does not count up again: the host gives the global the value from before the call.
//
// The module may be one that Interrupt or Fuel returned. The other way round is right, too, but takes longer, and fuel is
// spent on counting. The module must be valid; it is not changed.
func Depth(m *wasm.Module) (*wasm.Module, Injected, error) {
	spaces, err := newModule(m)
	if err != nil {
		return nil, Injected{}, err
	}
	g, err := newGraph(spaces)
	if err != nil {
		return nil, Injected{}, err
	}
	recursive := g.throughOthers().order().recursive[:g.defined]
	if !slices.Contains(recursive, true) {
		return m, Injected{}, nil
	}
	in := newInjector(spaces, 1)
	in.flag = in.addGlobal(wasm.I32)
	d := depthCounter{injector: in, nullary: in.addType(wasm.FuncType{}), blocks: map[uint32]wasm.BlockType{}}
	for i := range m.Code {
		if catches := g.catches[i]; catches || recursive[i] {
			if in.result.Code[i], err = d.rewrite(m.Code[i], m.Funcs[i], catches); err != nil {
				return nil, Injected{}, err
			}
		}
	}
	return in.result, Injected{Any: true, Global: in.flag, Hook: in.hook}, nil
}

// depthCounter makes functions count how deep calls are:
//
//	…call the hook while $left is 0…
//	(global.set $left (i32.sub (global.get $left) 1))
//	(block (result …) …body, where `return` is a branch to the block…)
//	(global.set $left (i32.add (global.get $left) 1))
type depthCounter struct {
	*injector
	editor
	nullary uint32
	blocks  map[uint32]wasm.BlockType // of bodies, by the type of the function
	// Of functions that catch exceptions: a local keeps what is left within them, and is what is left after a catch.
	catches bool
	local   uint32
	landing []bool // of each block that is open: an exception may arrive at its end
}

func (d *depthCounter) rewrite(c wasm.Code, typeIndex uint32, catches bool) (wasm.Code, error) {
	d.start(c.Body)
	d.catches, d.landing = catches, append(d.landing[:0], false)
	if catches {
		d.local = uint32(len(d.Types[typeIndex].Params))
		for _, run := range c.Locals {
			d.local += run.Count
		}
		if d.local >= maxLocals {
			return c, errLocals
		}
		c.Locals = append(slices.Clone(c.Locals), wasm.LocalRun{Count: 1, Type: wasm.I32})
	}
	d.enter()
	d.out = wasm.AppendBlockType(wasm.OpBlock.Append(d.out), d.blockType(typeIndex))
	for d.next() {
		d.step()
	}
	c = d.finish(c)
	exit := code(c.Body.Bytes)
	if catches {
		d.restore(&exit)
	}
	d.move(&exit, 1)
	exit.ops(wasm.OpEnd)
	c.Body.Bytes = exit
	return c, nil
}

// enter writes what comes first.
func (d *depthCounter) enter() {
	c := &d.out
	c.block(wasm.OpLoop)
	c.at(wasm.OpGlobalGet, d.flag)
	c.block(wasm.OpIf)
	c.ops(wasm.OpElse)
	d.callHook(c, 0, d.nullary)
	c.at(wasm.OpBr, 1)
	c.ops(wasm.OpEnd, wasm.OpEnd)
	d.move(c, -1)
	if d.catches {
		c.at(wasm.OpGlobalGet, d.flag)
		c.at(wasm.OpLocalSet, d.local)
	}
}

// move changes what is left.
func (d *depthCounter) move(c *code, by int32) {
	c.at(wasm.OpGlobalGet, d.flag)
	c.i32(by)
	c.ops(wasm.OpI32Add)
	c.at(wasm.OpGlobalSet, d.flag)
}

// restore writes what comes where an exception may arrive.
func (d *depthCounter) restore(c *code) {
	c.at(wasm.OpLocalGet, d.local)
	c.at(wasm.OpGlobalSet, d.flag)
}

func (d *depthCounter) step() {
	switch op := d.it.Op; op {
	case wasm.OpTryTable:
		for _, c := range d.it.Catches(nil) {
			d.landing[len(d.landing)-1-int(c.Label)] = true
		}
		d.open()
	case wasm.OpLoop:
		d.open()
		if d.catches {
			d.keep(d.it.Pos())
			d.restore(&d.out)
		}
	case wasm.OpBlock, wasm.OpIf:
		d.open()
	case wasm.OpEnd:
		d.close()
	case wasm.OpReturn:
		d.replace().at(wasm.OpBr, uint32(len(d.plain)-1))
	case wasm.OpReturnCall, wasm.OpReturnCallIndirect, wasm.OpReturnCallRef:
		d.keep(d.it.Start)
		d.move(&d.out, 1)
	}
}

func (d *depthCounter) open() {
	d.plain, d.landing = append(d.plain, false), append(d.landing, false)
}

func (d *depthCounter) close() {
	top := len(d.plain) - 1
	if d.landing[top] && top > 0 {
		d.keep(d.it.Pos())
		d.restore(&d.out)
	}
	d.plain, d.landing = d.plain[:top], d.landing[:top]
}

// blockType returns the type of a block with the results of a function.
func (d *depthCounter) blockType(typeIndex uint32) wasm.BlockType {
	results := d.Types[typeIndex].Results
	if len(results) == 0 {
		return wasm.BlockType{}
	}
	if len(results) == 1 {
		return wasm.BlockType{Result: results[0]}
	}
	t, ok := d.blocks[typeIndex]
	if !ok {
		t = wasm.BlockType{Indexed: true, Index: d.addType(wasm.FuncType{Results: results})}
		d.blocks[typeIndex] = t
	}
	return t
}
