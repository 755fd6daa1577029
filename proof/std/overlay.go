package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	module = "github.com/evergreen-go/evergreen"
	// laid is where our packages stand in the standard library's tree: it may import
	// nothing from outside, and internal packages nobody else sees.
	laid     = "internal/evergreen"
	seamPath = laid + "/seam"
	seamFile = "testdata/seam.go"
)

//go:embed known.txt testdata/*.go
var data embed.FS

// An overlay is the standard library over our net: a GOROOT that has our packages
// besides the library's, and the library's edited files, which the go command reads
// in place of the true ones.
//
// Our packages cannot be overlaid like files, since the assembler goes into the
// directory of the package it assembles. So there is a tree in which everything is
// a link to the true one, except the directories on the way to ours.
type overlay struct {
	dir     string   // where all is written
	library string   // the true GOROOT
	build   []string // flags for the compiler, on which it depends what files a package has
	// replace is the description: which file is read in place of which.
	replace map[string]string
}

// newOverlay writes the tree, the edited files, and their description that the go
// command wants.
func newOverlay(dir, goroot string, packages, build []string) (*overlay, error) {
	o := &overlay{dir: dir, library: goroot, build: build, replace: make(map[string]string)}
	if err := o.link("", "src", "internal"); err != nil {
		return nil, err
	}
	if err := o.layModule(); err != nil {
		return nil, err
	}
	if err := o.editLibrary(packages); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(map[string]any{"Replace": o.replace}, "", "\t")
	if err != nil {
		return nil, err
	}
	return o, os.WriteFile(o.file(), text, 0o666)
}

// file is the description's path.
func (o *overlay) file() string { return filepath.Join(o.dir, "overlay.json") }

// goroot is the tree's path.
func (o *overlay) goroot() string { return filepath.Join(o.dir, "goroot") }

// link fills the tree's directory at with links to what the true one has, but makes
// true directories of those on the way.
func (o *overlay) link(at string, way ...string) error {
	entries, err := os.ReadDir(filepath.Join(o.library, at))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(o.goroot(), at), 0o777); err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(at, e.Name())
		if len(way) > 0 && e.Name() == way[0] {
			err = o.link(name, way[1:]...)
		} else {
			err = os.Symlink(filepath.Join(o.library, name), filepath.Join(o.goroot(), name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// put writes a file, by its path below src, of ours.
func (o *overlay) put(name string, text []byte) error {
	return write(filepath.Join(o.goroot(), "src", filepath.FromSlash(name)), text)
}

// edit has the go command read text in place of a file of the library.
func (o *overlay) edit(name string, text []byte) error {
	name = filepath.FromSlash(name)
	to := filepath.Join(o.dir, "edited", name)
	o.replace[filepath.Join(o.goroot(), "src", name)] = to
	return write(to, text)
}

func write(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o666)
}

// layModule lays the seam, and all that it imports from outside the standard library.
func (o *overlay) layModule() error {
	text, err := data.ReadFile(seamFile)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), seamFile, text, parser.ImportsOnly)
	if err != nil {
		return err
	}
	args := append([]string{"list", "-deps", "-json=ImportPath,Dir,Standard,GoFiles,SFiles,HFiles,CgoFiles"}, o.build...)
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		args = append(args, path)
	}
	out, err := output("go", args...)
	if err != nil {
		return err
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && !p.Standard {
			err = o.layPackage(p)
		}
		if err != nil {
			return err
		}
	}
	if text, err = moved(seamFile, text); err != nil {
		return err
	}
	return o.put(seamPath+"/seam.go", text)
}

// listed is what go list tells about a package.
type listed struct {
	ImportPath, Dir                   string
	Standard                          bool
	GoFiles, SFiles, HFiles, CgoFiles []string
}

func (o *overlay) layPackage(p listed) error {
	if len(p.CgoFiles) > 0 {
		return fmt.Errorf("%s uses cgo, which cannot be laid into the standard library this way", p.ImportPath)
	}
	for _, name := range append(append(p.GoFiles, p.SFiles...), p.HFiles...) {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".go") {
			if text, err = moved(name, text); err != nil {
				return err
			}
		}
		if err := o.put(movedPath(p.ImportPath)+"/"+name, text); err != nil {
			return err
		}
	}
	return nil
}

// movedPath is where a package is laid; one of the standard library stays.
func movedPath(path string) string {
	switch {
	case path == module || strings.HasPrefix(path, module+"/"):
		return laid + strings.TrimPrefix(path, module)
	case strings.Contains(strings.SplitN(path, "/", 2)[0], "."):
		return laid + "/outside/" + path
	}
	return path
}

// moved is a file's text with the import paths of where it is laid.
func moved(name string, text []byte) ([]byte, error) {
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	done := 0
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		from, to := int(spec.Path.Pos()-file.FileStart), int(spec.Path.End()-file.FileStart)
		b.Write(text[done:from])
		b.WriteString(strconv.Quote(movedPath(path)))
		done = to
	}
	b.Write(text[done:])
	return b.Bytes(), nil
}

// editLibrary edits the library and the tests of the packages.
func (o *overlay) editLibrary(packages []string) error {
	texts := make(map[string][]byte)
	if err := o.apply(texts, edits); err != nil {
		return err
	}
	for _, p := range packages {
		if err := o.editTests(texts, p); err != nil {
			return err
		}
	}
	for _, p := range packages {
		if err := o.addTest(p); err != nil {
			return err
		}
	}
	for file, text := range texts {
		var err error
		if bytes.Contains(text, []byte("seam.")) {
			text, err = withSeam(file, text)
		}
		if err == nil {
			err = o.edit(file, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// apply makes edits that must apply.
func (o *overlay) apply(texts map[string][]byte, edits []edit) error {
	for _, e := range edits {
		text, err := o.read(texts, e.file)
		if err != nil {
			return err
		}
		if !bytes.Contains(text, []byte(e.from)) {
			return fmt.Errorf("%s of this Go version does not have %q any more: look where it makes connections now, and mend the tables in edit.go", e.file, e.from)
		}
		texts[e.file] = bytes.ReplaceAll(text, []byte(e.from), []byte(e.to))
	}
	return nil
}

// editTests makes testEdits in the tests of a package.
func (o *overlay) editTests(texts map[string][]byte, p string) error {
	names, err := filepath.Glob(filepath.Join(o.library, "src", filepath.FromSlash(p), "*_test.go"))
	if err != nil {
		return err
	}
	for _, name := range names {
		file := p + "/" + filepath.Base(name)
		text, err := o.read(texts, file)
		if err != nil {
			return err
		}
		edited := text
		for _, e := range testEdits {
			edited = bytes.ReplaceAll(edited, []byte(e.from), []byte(e.to))
		}
		if !bytes.Equal(edited, text) {
			texts[file] = edited
		}
	}
	return nil
}

// addTest adds the test that shows that the others ran over our net.
func (o *overlay) addTest(p string) error {
	name := "testdata/seam_http.go"
	if p == "crypto/tls" {
		name = "testdata/seam_tls.go"
	}
	text, err := data.ReadFile(name)
	if err != nil {
		return err
	}
	text = bytes.Replace(text, []byte("package laid_test"), []byte("package "+path.Base(p)+"_test"), 1)
	return o.edit(p+"/seam_test.go", text)
}

// read is a file of the library as it has been edited so far.
func (o *overlay) read(texts map[string][]byte, file string) ([]byte, error) {
	if text, ok := texts[file]; ok {
		return text, nil
	}
	return os.ReadFile(filepath.Join(o.library, "src", filepath.FromSlash(file)))
}
