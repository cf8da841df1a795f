package ld

import (
	"bytes"
	"cmd/link/internal/loader"
	"internal/abi"
	"maps"
	"slices"
	"strings"
)

// What wheels/linker.py has pcln.go call: only that stays in the table of functions which the runtime lives by.

// numInlTree is how many inlined calls are told of a function: none where only a trace would show them.
func numInlTree(ldr *loader.Loader, s loader.Sym, fi loader.FuncInfo) uint32 {
	if n := fi.NumInlTree(); n > 0 && (countsFrames(ldr, s, fi) || staysWhole(ldr, s, fi)) {
		return n
	}
	return 0
}

// countsFrames reports whether runtime.gorecover may come upon a function, which counts calls, inlined ones too: of what
// calls it, and of wrappers.
func countsFrames(ldr *loader.Loader, s loader.Sym, fi loader.FuncInfo) bool {
	if fi.FuncID() != abi.FuncIDNormal {
		return true
	}
	relocs := ldr.Relocs(s)
	for i := range relocs.Count() {
		if r := relocs.At(i); r.Type().IsDirectCall() && ldr.SymName(r.Sym()) == "runtime.gorecover" {
			return true
		}
	}
	return false
}

// staysWhole reports whether a function has instructions of the runtime's inlined, among which isAsyncSafePoint of
// runtime/preempt.go lets no goroutine be preempted.
func staysWhole(ldr *loader.Loader, s loader.Sym, fi loader.FuncInfo) bool {
	runtimes := func(name string) bool {
		return strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "internal/runtime/") || strings.HasPrefix(name, "reflect.")
	}
	if runtimes(ldr.SymName(s)) {
		return false // as a whole
	}
	for i := range int(fi.NumInlTree()) {
		if runtimes(ldr.SymName(fi.InlTree(i).Func)) {
			return true
		}
	}
	return false
}

// pcdataAuxs are the tables by address of a function: without files, lines, and which arguments are still alive.
func pcdataAuxs(ldr *loader.Loader, s loader.Sym, tmp []loader.Sym) (pcsp, pcfile, pcline, pcinline loader.Sym, pcdata []loader.Sym) {
	pcsp, _, _, pcinline, pcdata = ldr.PcdataAuxs(s, tmp)
	if len(pcdata) > abi.PCDATA_ArgLiveIndex {
		pcdata[abi.PCDATA_ArgLiveIndex] = 0
	}
	for len(pcdata) > 0 && (pcdata[len(pcdata)-1] == 0 || ldr.SymSize(pcdata[len(pcdata)-1]) == 0) {
		pcdata = pcdata[:len(pcdata)-1]
	}
	return pcsp, 0, 0, pcinline, pcdata
}

func numPcdata(ldr *loader.Loader, s loader.Sym) int {
	_, _, _, _, pcdata := pcdataAuxs(ldr, s, nil)
	return len(pcdata)
}

// neededFuncdata is what else is told of a function: not how to print its arguments.
func neededFuncdata(ldr *loader.Loader, s loader.Sym, tmp []loader.Sym) []loader.Sym {
	fd := ldr.Funcdata(s, tmp)
	for _, kind := range []int{abi.FUNCDATA_ArgInfo, abi.FUNCDATA_ArgLiveInfo} {
		if len(fd) > kind {
			fd[kind] = 0
		}
	}
	for len(fd) > 0 && fd[len(fd)-1] == 0 {
		fd = fd[:len(fd)-1]
	}
	return fd
}

// placePcdata lays the tables by address out in the order of their content, which compresses best. It returns their size.
func placePcdata(ldr *loader.Loader, tables map[loader.Sym]struct{}) int64 {
	sorted := slices.SortedFunc(maps.Keys(tables), func(a, b loader.Sym) int {
		return bytes.Compare(ldr.Data(a), ldr.Data(b))
	})
	size := int64(1) // 0 is none
	for _, s := range sorted {
		if len(ldr.Data(s)) > 0 {
			ldr.SetSymValue(s, size)
			size += ldr.SymSize(s)
		}
	}
	return size
}

// dropUnneeded keeps out of the library what neededFuncdata has left out.
func dropUnneeded(ldr *loader.Loader, funcs []loader.Sym, needed map[loader.Sym]struct{}) {
	for _, s := range funcs {
		for _, fd := range ldr.Funcdata(s, nil) {
			if _, ok := needed[fd]; fd != 0 && !ok {
				ldr.SetAttrReachable(fd, false)
			}
		}
	}
}
