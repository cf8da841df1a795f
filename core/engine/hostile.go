package engine

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// wazero's compiler takes time that grows with the square of what some functions have, where its interpreter takes a moment
// for the same: a few kilobytes can keep it busy for hours. So what a module asks of it is estimated, and a module that
// asks for too much is interpreted. docs/RATIONALE.md has what was measured.

const (
	// functionSeconds is how long a function may take by estimate. Of a compilation that is given up, one function by each
	// worker is compiled to the end.
	functionSeconds = 12
	functionMemory  = 1 << 30
	// A module may take as long as a function, and so much more for each byte.
	secondsPerByte = 10e-6
	// With no limit given, compiling may take so much memory, and so much more for each byte of the module.
	defaultMemory = 1 << 30
	memoryPerByte = 128
)

// seconds returns how long wazero's compiler takes for a function: the most that was seen for any of a kind.
func (e *effort) seconds() float64 {
	blocks, phis := float64(e.blocks), float64(e.phis)
	return 11e-9*blocks*blocks + // dominators, by chains as long as there are blocks
		750e-9*float64(e.live) + // liveness, block by block
		2.1e-9*phis*phis + // redundant phis, until none is left
		1.2e-6*float64(e.passed) + 0.4e-6*float64(e.reloads) + 13e-6*float64(e.instructions)
}

// memory returns how many bytes it takes meanwhile, and until the module is compiled.
func (e *effort) memory() (meanwhile, kept uint64) {
	meanwhile = 4600*e.instructions + 3400*e.blocks + 70*e.live + 1500*e.phis + 400*e.passed + 170*e.reloads +
		35*e.loops*e.loops // loops that follow each other are nested to the register allocator
	return meanwhile, 1000 + 150*e.instructions + 8*e.locals
}

// interpreted returns how many bytes wazero's interpreter takes for a function.
func (e *effort) interpreted() uint64 {
	return 700 + 240*e.instructions + 200*e.blocks + 64*e.locals + 8*e.passed
}

// workload is what compiling a module takes.
type workload struct {
	tooMuch string   // why the module is not for wazero's compiler, or ""
	kept    uint64   // bytes until all is compiled
	worker  uint64   // bytes that each worker keeps from one function to the next
	largest []uint64 // bytes for a function each, the largest ones first: as many as there may be workers
}

// estimate returns what it takes to compile a module that has size bytes and is prepared, with so many workers at most.
func estimate(prepared *wasm.Module, compiler Compiler, size, workers int) workload {
	w, seconds := workload{}, 0.0
	s := newSurveyor(prepared)
	var functions []uint64
	var blocks, reloads uint64
	for i := range prepared.Code {
		e := s.survey(i)
		if compiler == Interpreter {
			w.kept += e.interpreted()
			continue
		}
		meanwhile, kept := e.memory()
		w.kept += kept
		functions = append(functions, meanwhile)
		blocks, reloads = max(blocks, e.blocks), reloads+e.reloads
		seconds += e.seconds() + 8e-9*float64(len(s.globals)) // which are declared for each function
		if e.seconds() > functionSeconds || meanwhile > functionMemory {
			w.tooMuch = fmt.Sprintf("function %d would take the compiler too long, or too much memory", s.spaces.ImportedFuncs+i)
		}
	}
	// Its blocks are used again, each with a map of variables that was as large as any before.
	w.worker = 24 * min(blocks*s.mutable, reloads)
	if w.tooMuch == "" && w.worker > functionMemory {
		w.tooMuch = "its calls and mutable globals would take the compiler too much memory"
	}
	if w.tooMuch == "" && seconds > functionSeconds+float64(size)*secondsPerByte {
		w.tooMuch = "its functions would take the compiler too long"
	}
	slices.SortFunc(functions, func(a, b uint64) int { return cmp.Compare(b, a) })
	w.largest = functions[:min(len(functions), workers)]
	return w
}

// fit returns how many workers there can be within a limit of memory, at least one, and what they need.
func (w *workload) fit(limit uint64) (workers int, need uint64) {
	need = w.kept
	for _, bytes := range w.largest {
		bytes += w.worker
		if workers > 0 && need+bytes > limit {
			break
		}
		need += bytes
		workers++
	}
	return max(workers, 1), need
}

const memoryError = "compiling the module may take %d MiB of memory, and the limit is %d MiB: " +
	"raise it by Store(compile_memory_limit=...), in bytes"

func mebibytes(bytes uint64) uint64 { return (bytes + 1<<20 - 1) >> 20 }

// permit returns how much memory compiling a module may take, and with how many workers it does.
func (s *Store) permit(w *workload, size int) (limit uint64, workers int, err error) {
	limit = s.compileMemory
	if limit == 0 {
		limit = defaultMemory + memoryPerByte*uint64(size)
	}
	workers, need := w.fit(limit)
	if need > limit {
		return 0, 0, fail(CodeCompile, fmt.Sprintf(memoryError, mebibytes(need), mebibytes(limit)))
	}
	return limit, workers, nil
}
