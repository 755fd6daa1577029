// Package exported reads what packages export, for the tests that hold ours against the
// standard ones.
package exported

import (
	"bytes"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Types returns the packages with the import paths given, as the compiler has written them
// down for those who import them. (To check the types of crypto/tls and all below it from
// source takes seconds, a gigabyte under the race detector.) One type is one object in all
// of them. It runs the go command in the current directory, and waits for it natively.
func Types(paths ...string) ([]*types.Package, error) {
	list := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}, paths...)...)
	var complaints bytes.Buffer
	list.Stderr = &complaints
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", list, err, &complaints)
	}
	files := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files[path] = file
	}
	from := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(files[path])
	})
	var all []*types.Package
	for _, path := range paths {
		one, err := from.Import(path)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
