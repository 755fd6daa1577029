package house_test

import (
	"errors"
	"flag"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite api.txt from the source")

// offers renders the public packages of the root module, by directory. It reads the files for
// linux/amd64 wherever it runs, so that api.txt is the same for everyone.
func offers(t *testing.T) map[string][]item {
	t.Helper()
	top, err := root()
	if err != nil {
		t.Fatal(err)
	}
	platform := build.Default
	platform.GOOS, platform.GOARCH, platform.CgoEnabled, platform.BuildTags = "linux", "amd64", false, nil
	files := make(map[string][]*source)
	for _, s := range sources(t) {
		if s.test || !ours(s.dir) || s.file.Name.Name == "main" {
			continue
		}
		match, err := platform.MatchFile(filepath.Join(top, s.dir), filepath.Base(s.path))
		if err != nil {
			t.Fatal(err)
		}
		if match {
			files[s.dir] = append(files[s.dir], s)
		}
	}
	rendered := make(map[string][]item)
	for dir, list := range files {
		if public(dir) {
			rendered[dir] = render(list, files)
		}
	}
	return rendered
}

func TestAPI(t *testing.T) {
	top, err := root()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for dir, items := range offers(t) {
		for _, it := range items {
			got = append(got, "pkg "+dir+", "+it.line)
		}
	}
	slices.Sort(got)

	file := filepath.Join(top, "api.txt")
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var want []string
	if len(text) > 0 {
		want = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	if slices.Equal(got, want) {
		return
	}
	t.Errorf("the public API is not what api.txt says (- in api.txt only, + in the source only):\n%s\n"+
		"If the change is meant, run: go test ./internal/house -update", difference(want, got))
}

// difference lists the lines that only one of two sorted lists has.
func difference(want, got []string) string {
	var lines []string
	for _, l := range want {
		if _, found := slices.BinarySearch(got, l); !found {
			lines = append(lines, "- "+l)
		}
	}
	sorted := slices.Sorted(slices.Values(want))
	for _, l := range got {
		if _, found := slices.BinarySearch(sorted, l); !found {
			lines = append(lines, "+ "+l)
		}
	}
	if len(lines) == 0 {
		return "the same lines, in another order"
	}
	// By what follows the sign, so that the two sides of one change stand together.
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(a[2:], b[2:]) })
	return strings.Join(lines, "\n")
}

// The methods of an alias stand with the type it names, so a public alias of an internal type would hide
// them from api.txt and from whoever reads the documentation.
func TestNoAliasOfInternalType(t *testing.T) {
	for dir, items := range offers(t) {
		for _, it := range items {
			if strings.HasPrefix(it.line, "type ") && strings.Contains(it.line, " = evergreen/internal/") {
				t.Errorf("%s: %s.%s is an alias of an internal type: declare it here", it.at, dir, it.name)
			}
		}
	}
}

func TestDocumented(t *testing.T) {
	for dir, items := range offers(t) {
		for _, it := range items {
			if it.doc == "" && !it.bare {
				t.Errorf("%s: %s.%s has no doc comment", it.at, dir, it.name)
			}
		}
	}
	for _, s := range sources(t) {
		if s.dir == "." && !s.test && s.file.Doc == nil {
			t.Errorf("%s: the root package's file is its comment, and has none", s.path)
		}
	}
}

// cooperative lists the packages whose calls say whether they are checkpoints.
var cooperative = []string{
	"task", "timeout", "runtime", "sync", "channel", "future", "net", "net/http", "io",
}

// plain lists methods that an interface of the standard library asks for and that by their nature never
// wait. Their name says all there is to say.
var plain = map[string]bool{
	"Error": true, "Unwrap": true, "Is": true, "As": true, // error and package errors
	"Timeout": true, "Temporary": true, // net.Error
	"String": true, "GoString": true, "Format": true, // package fmt
	"MarshalText": true, "UnmarshalText": true, // package encoding
	"Len": true, "Less": true, "Swap": true, // package sort; Len of everything else too
	"Cap": true,
}

// An exemption frees one function or method from saying whether it is a checkpoint.
type exemption struct{ dir, name, why string }

var exempt = []exemption{}

func TestCheckpointsAreSaid(t *testing.T) {
	unused := make(map[exemption]bool)
	for _, e := range exempt {
		if e.why == "" {
			t.Errorf("the exemption of %s.%s gives no reason", e.dir, e.name)
		}
		unused[e] = true
	}
	for dir, items := range offers(t) {
		if !slices.Contains(cooperative, dir) {
			continue
		}
		for _, it := range items {
			if !it.call || saysCheckpoint(it.doc) {
				continue
			}
			if _, name, isMethod := strings.Cut(it.name, "."); isMethod && plain[name] {
				continue
			}
			at := slices.IndexFunc(exempt, func(e exemption) bool { return e.dir == dir && e.name == it.name })
			if at >= 0 {
				delete(unused, exempt[at])
				continue
			}
			t.Errorf("%s: the comment of %s.%s does not say whether it is a checkpoint", it.at, dir, it.name)
		}
	}
	for e := range unused {
		t.Errorf("%s.%s needs its exemption no longer", e.dir, e.name)
	}
}

func saysCheckpoint(doc string) bool { return strings.Contains(strings.ToLower(doc), "checkpoint") }

// The renderer is shown one of everything.
func TestRendering(t *testing.T) {
	const text = `package p

import (
	stdnet "net"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/task"
)

const (
	A Kind = iota
	b
	C
)

const (
	D = 3 * time.Second
	E = "e"
	F = stdnet.FlagUp
)

var (
	ErrX = errors.New("x")
	Y, Z int
	G    = stdnet.ParseIP
	H    = &Plain{}
)

type Kind uint8

func (k Kind) String() string { return "" }

type (
	Addr = stdnet.Addr
	Plain struct{ inner; *Other; stdnet.Conn; Name, Nick string; hidden int }
	Other struct{}
	inner struct{ Deep int; Name string }
	Set[K comparable, V ~int | ~string] struct{ M map[K][]V }
	Many interface{ few; stdnet.Addr; Do(ctx int, more ...string) (n int, err error); secret() }
	few interface{ Few() <-chan struct{} }
	Option func(*Plain)
	Made kernel.Made
)

func (i *inner) Promoted(a, b [4]byte) {}
func (p Plain) Own()                   {}
func (s *Set[K, V]) Get(k K) (v V, ok bool) { return }
func (s *Set[_, _]) private()               {}

func Run(main func(t *task.Task), opts ...Option) error { return nil }
func Map[T, U any](xs []T, f func(x T) U) []U           { return nil }
func hidden()                                           {}
`
	const kernel = `package kernel

type Made struct { Leak any; kept bool }

func (m *Made) Lost() {}
`
	want := []string{
		`const A Kind = 0`,
		`const C Kind = 2`,
		`const D = 3 * time.Second`,
		`const E = "e"`,
		`const F = net.FlagUp`,
		`func Map[T any, U any]([]T, func(T) U) []U`,
		`func Run(func(*evergreen/task.Task), ...Option) error`,
		`method (*Plain) Promoted([4]byte, [4]byte)`,
		`method (*Set[K, V]) Get(K) (V, bool)`,
		`method (Kind) String() string`,
		`method (Plain) Own()`,
		`type Addr = net.Addr`,
		`type Kind uint8`,
		`type Made struct`,
		`type Made struct, Leak any`,
		`type Many interface { Do, Few, net.Addr, unexported methods }`,
		`type Many interface, Do(int, ...string) (int, error)`,
		`type Many interface, Few() <-chan struct{}`,
		`type Option func(*Plain)`,
		`type Other struct`,
		`type Plain struct`,
		`type Plain struct, Deep int`,
		`type Plain struct, Name string`,
		`type Plain struct, Nick string`,
		`type Plain struct, embedded *Other`,
		`type Plain struct, embedded net.Conn`,
		`type Set[K comparable, V ~int | ~string] struct`,
		`type Set[K comparable, V ~int | ~string] struct, M map[K][]V`,
		`var ErrX error`,
		`var G = net.ParseIP`,
		`var H *Plain`,
		`var Y int`,
		`var Z int`,
	}
	fset := token.NewFileSet()
	all := make(map[string][]*source)
	for dir, text := range map[string]string{"p": text, "internal/kernel": kernel} {
		file, err := parser.ParseFile(fset, dir+"/x.go", text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		all[dir] = []*source{{path: dir + "/x.go", dir: dir, file: file, fset: fset}}
	}
	var got []string
	for _, it := range render(all["p"], all) {
		got = append(got, it.line)
		if name, _, _ := strings.Cut(it.name, "."); !ast.IsExported(name) {
			t.Errorf("%q is offered under the name %q", it.line, it.name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("rendered:\n%s", difference(want, got))
	}
}
