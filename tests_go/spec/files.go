package spec

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// suiteFolder holds the suite, beside the repository.
const suiteFolder = "../shared/testsuite"

// olderPrefix stands before the names of the scripts that come with wazero.
const olderPrefix = "wazero/"

// firstVersion is the folder of a suite too old to judge by: much of what it
// holds to be invalid is valid now.
const firstVersion = "v1"

// Files returns the paths of the scripts by their names: those of the suite, if
// they are on this machine, and the older ones that come with wazero.
func Files() (map[string]string, error) {
	command := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pywasm-go/pywasm", "github.com/tetratelabs/wazero")
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("looking for the test suite: %w", err)
	}
	folders := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(folders) != 2 {
		return nil, fmt.Errorf("looking for the test suite: go list says %q", out)
	}
	files := map[string]string{}
	if err := addFiles(files, "", filepath.Join(folders[0], suiteFolder)); err != nil {
		return nil, err
	}
	return files, addFiles(files, olderPrefix, filepath.Join(folders[1], "internal", "integration_test", "spectest"))
}

// addFiles adds the scripts below a folder, by their path in it.
func addFiles(files map[string]string, prefix, folder string) error {
	return filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		switch {
		case filepath.Base(path) == firstVersion:
			return filepath.SkipDir
		case err != nil || filepath.Ext(path) != ".wast":
			return nil
		}
		name, err := filepath.Rel(folder, path)
		name = prefix + strings.TrimSuffix(filepath.ToSlash(name), ".wast")
		files[strings.Replace(name, "/testdata/", "/", 1)] = path
		return err
	})
}
