// Command wast2json prints scripts of the specification's test suite in JSON, for tests_py/test_spec.py.
//
// Its arguments are names of scripts; an older copy stands in for one that is not here. It prints a line for each.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/pywasm-go/pywasm/core/wat"
	"github.com/pywasm-go/pywasm/tests_go/spec"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "wast2json:", err)
		os.Exit(1)
	}
}

func run(names []string) error {
	files, err := spec.Files()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("no copy of the specification's test suite is here")
	}
	out := bufio.NewWriter(os.Stdout)
	for _, name := range names {
		found := find(files, name)
		if found == "" {
			return fmt.Errorf("no copy of %s.wast is here", name)
		}
		if err := print(out, name, found, files[found]); err != nil {
			return fmt.Errorf("%s: %w", found, err)
		}
	}
	return out.Flush()
}

// find returns the name of the script, or of its latest copy elsewhere.
func find(files map[string]string, name string) string {
	if _, ok := files[name]; ok {
		return name
	}
	var copies []string
	for other := range files {
		if strings.HasSuffix(other, "/"+name) {
			copies = append(copies, other)
		}
	}
	slices.Sort(copies)
	if len(copies) == 0 {
		return ""
	}
	return copies[len(copies)-1]
}

func print(out *bufio.Writer, name, found, path string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	parsed, err := wat.ParseScript(src)
	if err != nil {
		return err
	}
	s := script{Name: name, Found: found}
	for i := range parsed.Commands {
		s.Commands = append(s.Commands, translate(&parsed.Commands[i]))
	}
	return json.NewEncoder(out).Encode(s)
}
