package engine

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/meter"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// limitDepth has the module bound how many of its calls may be active, if its store does.
func (m *Module) limitDepth(p *wasm.Module) (*wasm.Module, error) {
	if m.store.depth == 0 {
		return p, nil
	}
	limited, injected, err := meter.Depth(p)
	if err != nil {
		return nil, fail(CodeInternal, "depth: "+err.Error())
	}
	m.depth = injected
	return limited, nil
}

func tooDeep(*Call) error { return &Error{Code: CodeTrap, Text: stackExhausted, Trap: stackExhausted} }

// relatives are instances that may call one another, since one imports from another, or both from a third: an error may
// unwind calls of all of them.
type relatives struct{ members []*Instance }

func (i *Instance) joinRelatives() {
	i.relatives = &relatives{[]*Instance{i}}
	for k := range i.bindings {
		other := i.bindings[k].Instance
		if other == nil || other.relatives == i.relatives {
			continue
		}
		i.relatives.members = append(i.relatives.members, other.relatives.members...)
		for _, member := range other.relatives.members {
			member.relatives = i.relatives
		}
	}
}

func (i *Instance) leaveRelatives() {
	if r := i.relatives; r != nil {
		r.members = slices.DeleteFunc(r.members, func(member *Instance) bool { return member == i })
	}
}

// left is how many more calls of an instance may become active.
type left struct {
	instance *Instance
	calls    uint64
}

// depths returns what is left to each relative.
func (i *Instance) depths() []left {
	if i.relatives == nil {
		return nil
	}
	var all []left
	for _, member := range i.relatives.members {
		if depth := member.module.depth; depth.Any {
			calls, _ := member.guts.global(depth.Global).Value()
			all = append(all, left{member, calls})
		}
	}
	return all
}

// unwound sets the counts to what they were before a call: a guest that is unwound does not count.
func unwound(before []left) {
	for _, l := range before {
		l.instance.guts.setGlobal(l.instance.module.depth.Global, l.calls, 0)
	}
}
