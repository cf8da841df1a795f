package wasm

import "strings"

// Feature is a proposal that extended the first version of WebAssembly.
type Feature uint8

// The features. Those from firstUnsupported on are recognised and refused by name.
const (
	MVP Feature = iota
	MutableGlobals
	SignExtension
	SaturatingConversions
	MultiValue
	BulkMemory
	ReferenceTypes
	SIMD
	Threads
	TailCalls
	ExtendedConst
	Exceptions
	FunctionReferences
	RelaxedSIMD

	GC
	Memory64
	MultiMemory
	LegacyExceptions
	StackSwitching
	WideArithmetic
	CustomPageSizes
	CustomDescriptors
	HalfPrecision
	MemoryControl
	SharedEverything

	firstUnsupported = GC
)

var featureNames = [...]string{
	"MVP", "mutable globals", "sign extension", "saturating conversions", "multi-value", "bulk memory",
	"reference types", "SIMD", "threads", "tail calls", "extended const", "exceptions", "function references",
	"relaxed SIMD", "GC", "memory64", "multi-memory", "legacy exceptions", "stack switching", "wide arithmetic",
	"custom page sizes", "custom descriptors", "half precision", "memory control", "shared-everything threads",
}

// String returns the name under which the proposal is known.
func (f Feature) String() string { return featureNames[f] }

// Supported reports whether this package accepts modules that use f.
func (f Feature) Supported() bool { return f < firstUnsupported }

// FeatureSet is a set of features.
type FeatureSet uint32

// Has reports whether f is in the set.
func (s FeatureSet) Has(f Feature) bool { return s&(1<<f) != 0 }

// Names returns the names of the features in the set, the first version left out.
func (s FeatureSet) Names() []string {
	var names []string
	for f := MVP + 1; int(f) < len(featureNames); f++ {
		if s.Has(f) {
			names = append(names, f.String())
		}
	}
	return names
}

// String returns the names, separated by commas.
func (s FeatureSet) String() string { return strings.Join(s.Names(), ", ") }
