package wat

import (
	"os"
	"path/filepath"
	"testing"
)

// suiteFolder holds the specification's test suite, beside the repository.
const suiteFolder = "../../../shared/testsuite"

// suiteScripts returns the scripts of the suite, if they are on this machine.
func suiteScripts(t testing.TB) map[string][]byte {
	files, err := filepath.Glob(filepath.Join(suiteFolder, "*.wast"))
	if err != nil || len(files) == 0 {
		t.Skip("the test suite of the specification is not here")
	}
	scripts := map[string][]byte{}
	for _, file := range files {
		if scripts[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return scripts
}

// suiteModules returns what the suite's modules in text form become.
func suiteModules(t testing.TB) (modules [][]byte) {
	for name, src := range suiteScripts(t) {
		script, err := ParseScript(src)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, c := range script.Commands {
			if c.Module == nil || !c.Module.Text {
				continue
			}
			if bin, err := c.Module.Binary(); err == nil {
				modules = append(modules, bin)
			}
		}
	}
	return modules
}
