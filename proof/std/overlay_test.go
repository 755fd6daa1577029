package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMovedRewritesImportsOnly(t *testing.T) {
	const before = `package x

import (
	stdnet "net"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

const text = "github.com/evergreen-go/evergreen/internal/kernel"
`
	const after = `package x

import (
	stdnet "net"

	"internal/evergreen/outside/golang.org/x/sys/unix"

	"internal/evergreen/internal/kernel"
)

const text = "github.com/evergreen-go/evergreen/internal/kernel"
`
	got, err := moved("x.go", []byte(before))
	if err != nil || string(got) != after {
		t.Errorf("%s\n%v", got, err)
	}
}

func TestWithSeamKeepsLineNumbers(t *testing.T) {
	got, err := withSeam("x.go", []byte("package x\n\nimport \"net\"\n\nvar a = 1\n"))
	lines := strings.Split(string(got), "\n")
	if err != nil || lines[0] != `package x; import seam "internal/evergreen/seam"` || lines[4] != "var a = 1" {
		t.Errorf("%q, %v", got, err)
	}
	if !strings.Contains(string(got), "var _ net.Addr") {
		t.Errorf("net may be imported and not used: %q", got)
	}
}

// newTestOverlay lays the overlay of the library at hand.
func newTestOverlay(t *testing.T) *overlay {
	t.Helper()
	goroot, err := trueRoot()
	if err != nil {
		t.Fatal(err)
	}
	o, err := newOverlay(t.TempDir(), goroot, packages, nil)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOverlayHasNothingFromOutside(t *testing.T) {
	o := newTestOverlay(t)
	files := 0
	err := filepath.WalkDir(filepath.Join(o.goroot(), "src", laid), func(name string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") {
			return err
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
				t.Errorf("%s imports %s, which the standard library cannot", name, path)
			}
			if path == "net/http" || path == "crypto/tls" {
				t.Errorf("%s imports %s, which imports us: a cycle", name, path)
			}
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Errorf("%d files, %v", files, err)
	}
}

// What the library itself uses of the standard net to make connections is gone from
// what is compiled; what is left is named here.
func TestOverlayLeavesNoOtherWayToConnect(t *testing.T) {
	o := newTestOverlay(t)
	ways := []string{"net.Listen(", "net.Dial(", "net.DialTCP(", "net.DialTimeout(", "net.ListenTCP(", "net.ListenConfig{", "net.Dialer{", " net.Dialer"}
	left := map[string]string{
		"net/http/fs_test.go":    "its listener is handed to another process",
		"crypto/tls/tls_test.go": "it has a net.Dialer, which DialWithDialer turns into ours",
	}
	for _, p := range packages {
		names, err := filepath.Glob(filepath.Join(o.goroot(), "src", p, "*.go"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", p, len(names), err)
		}
		for _, name := range names {
			rel := p + "/" + filepath.Base(name)
			if left[rel] != "" || rel == "crypto/tls/generate_cert.go" {
				continue
			}
			if to, ok := o.replace[name]; ok {
				name = to
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(string(text), "\n") {
				if strings.HasPrefix(strings.TrimSpace(line), "//") {
					continue
				}
				for _, way := range ways {
					if strings.Contains(line, way) {
						t.Errorf("%s: %s", rel, strings.TrimSpace(line))
					}
				}
			}
		}
	}
}

func TestEditThatDoesNotApplyIsAnError(t *testing.T) {
	o := newTestOverlay(t)
	err := o.apply(make(map[string][]byte), []edit{{"net/http/server.go", "what no Go version has", ""}})
	if err == nil || !strings.Contains(err.Error(), "edit.go") {
		t.Errorf("%v", err)
	}
}

func TestTreeLeavesTheLibraryAlone(t *testing.T) {
	o := newTestOverlay(t)
	for name, to := range o.replace {
		if !strings.HasPrefix(name, o.dir) || !strings.HasPrefix(to, o.dir) {
			t.Errorf("%s is replaced by %s", name, to)
		}
	}
	if _, err := os.Lstat(filepath.Join(o.library, "src", laid)); err == nil {
		t.Errorf("our packages have come into %s", o.library)
	}
	if info, err := os.Lstat(filepath.Join(o.goroot(), "src", "net")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("net is not a link: %v", err)
	}
}
