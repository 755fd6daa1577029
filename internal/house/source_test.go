package house_test

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/evergreen-go/evergreen"

// A source is one parsed Go file of the repository.
type source struct {
	path string // relative to the repository, with slashes
	dir  string // "." for the root package
	test bool   // its name ends in _test.go
	text []byte
	file *ast.File
	fset *token.FileSet
}

// lines says on how many lines a stretch of the file lies.
func (s *source) lines(from, to token.Pos) int {
	return s.line(to) - s.line(from) + 1
}

func (s *source) line(p token.Pos) int { return s.fset.Position(p).Line }

// root is the directory of the root module's go.mod, found upwards from the test's own directory.
var root = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(text, []byte("module "+module+"\n")) {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod of " + module + " above the test")
		}
		dir = up
	}
})

// parsed is every Go file of the repository whatever its build constraints, by path: the structure is
// to hold on platforms other than the one the test runs on.
var parsed = sync.OnceValues(func() ([]*source, error) {
	top, err := root()
	if err != nil {
		return nil, err
	}
	var all []*source
	fset := token.NewFileSet()
	err = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // an editor's temporary file went away during the walk
		}
		if err != nil {
			return err
		}
		name := d.Name()
		hidden := strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
		switch {
		case d.IsDir() && path != top && (hidden || name == "testdata" || name == "vendor"):
			return filepath.SkipDir
		case d.IsDir() || hidden || !strings.HasSuffix(name, ".go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		dir := "."
		if i := strings.LastIndexByte(rel, '/'); i >= 0 {
			dir = rel[:i]
		}
		all = append(all, &source{
			path: rel,
			dir:  dir,
			test: strings.HasSuffix(rel, "_test.go"),
			text: text,
			file: file,
			fset: fset,
		})
		return nil
	})
	sort.Slice(all, func(i, j int) bool { return all[i].path < all[j].path })
	return all, err
})

// sources is every Go file of the repository, the examples and bench modules included.
func sources(t *testing.T) []*source {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// within reports whether a directory is another one or lies in it.
func within(dir, top string) bool {
	return dir == top || strings.HasPrefix(dir, top+"/")
}

// ours reports whether a directory belongs to the root module.
func ours(dir string) bool {
	return !within(dir, "examples") && !within(dir, "bench") && !within(dir, "proof") && !within(dir, "tools")
}

// public reports whether a directory of the root module can be imported by everybody.
func public(dir string) bool {
	return ours(dir) && dir != "internal" && !strings.HasPrefix(dir, "internal/") && !strings.Contains(dir, "/internal")
}

// imports is the paths a file imports.
func imports(f *ast.File) []string {
	var paths []string
	for _, spec := range f.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}
