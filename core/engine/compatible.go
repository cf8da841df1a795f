package engine

import (
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/cpu"

	"github.com/pywasm-go/pywasm/core/artefact"
)

// passes is the version of what prepare and the passes that it calls make of a module, and of the parts of an artefact:
// it goes up with every change that older code must not survive.
const passes = "2"

// version is that of the package; the build sets it.
var version = "unknown"

// properties are what an artefact and the place where it is loaded must have in common.
func (s *Store) properties(compiler Compiler) []artefact.Property {
	return []artefact.Property{
		{Name: "engine", Value: "universal"},
		{Name: "compiler", Value: string(compiler)},
		{Name: "pywasm", Value: version + ", passes " + passes},
		{Name: "options", Value: s.options()},
		{Name: "wazero", Value: wazeroVersion()},
		{Name: "target", Value: target()},
		{Name: cpuProperty, Value: strings.Join(cpuFeatures(), " ")},
	}
}

// options say what the store has done to modules beyond what their compiler needs.
func (s *Store) options() string {
	options := "none"
	switch {
	case s.fuel:
		options = "fuel" // which makes it interruptible as well
	case s.pause != nil:
		options = "interruptible"
	}
	if s.depth != 0 {
		options += ", depth"
	}
	return options
}

// check returns the compiler of an artefact that can be loaded here, as far as its properties say.
func (s *Store) check(made []artefact.Property) (Compiler, error) {
	compiler := s.compiler
	if slices.Contains(made, artefact.Property{Name: "compiler", Value: string(Interpreter)}) {
		compiler = Interpreter // whose modules every store may have
	}
	here := s.properties(compiler)
	if len(made) != len(here) {
		return "", artefact.Errorf("the artefact is damaged: it has %d properties, not %d", len(made), len(here))
	}
	for i, property := range made {
		switch own := here[i]; {
		case property == own:
		case property.Name != own.Name:
			return "", artefact.Errorf("the artefact is damaged: it has a property %q, not %q", property.Name, own.Name)
		case property.Name != cpuProperty || !subset(property.Value, own.Value):
			return "", incompatible(property, own.Value)
		}
	}
	return compiler, nil
}

func incompatible(made artefact.Property, here string) error {
	return artefact.Errorf("incompatible artefact: it was made for %s %q, and this is %q", made.Name, made.Value, here)
}

const cpuProperty = "CPU features"

// subset reports whether all of the words of one text are in the other.
func subset(words, of string) bool {
	have := strings.Fields(of)
	return !slices.ContainsFunc(strings.Fields(words), func(word string) bool { return !slices.Contains(have, word) })
}

// cpuFeatures are those that wazero's compiler looks at.
func cpuFeatures() []string {
	var names []string
	for _, feature := range []struct {
		name string
		has  bool
	}{
		{"sse4.1", cpu.X86.HasSSE41},
		{"bmi1", cpu.X86.HasBMI1},
		{"lzcnt", cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT},
		{"atomics", cpu.ARM64.HasATOMICS},
	} {
		if feature.has {
			names = append(names, feature.name)
		}
	}
	return names
}

// target is the first and the last part of a target triple.
func target() string {
	architectures := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}
	if name := architectures[runtime.GOARCH]; name != "" {
		return name + "-" + runtime.GOOS
	}
	return runtime.GOARCH + "-" + runtime.GOOS
}
