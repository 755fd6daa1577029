package exported_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/internal/exported"
)

// checked is a package of that text.
func checked(t *testing.T, path, text string) *types.Package {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path+".go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	config := types.Config{Importer: importer.Default()}
	p, err := config.Check(path, files, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const standard = `package std
type File struct{ Name string; hidden int }
func (f *File) Close() error { return nil }
func (f *File) Twin(name string, others ...*File) (*File, error) { return nil, nil }
type Byte = byte
type Reader interface{ Read(p []byte) (int, error) }
const Size = 3
var Default *File
func Open(name string) (*File, error) { return nil, nil }
func All() map[string][]*File { return nil }
func inside() {}
`

// A comparison that never complains proves nothing.
func TestCompareNotices(t *testing.T) {
	std := checked(t, "std", standard)
	for _, c := range []struct {
		name, from, to string
		gap            string
		complaint      string
	}{
		{name: "the same", from: "package std", to: "package ours"},
		{name: "other names of parameters", from: "(name string) (*File, error)", to: "(path string) (*File, error)"},
		{name: "an alias in the place of its type", from: "func All() map[string][]*File", to: "type Files = []*File; func All() map[string]Files"},
		{name: "a missing name", from: "const Size = 3", complaint: "Size is"},
		{name: "another value", from: "Size = 3", to: "Size = 4", complaint: "Size is"},
		{name: "another type of a variable", from: "Default *File", to: "Default File", complaint: "Default is"},
		{name: "another signature", from: "Open(name string)", to: "Open(name []byte)", complaint: "Open is"},
		{name: "another kind", from: "type Byte = byte", to: "const Byte = 1", complaint: "Byte is"},
		{name: "a missing method", from: "Close()", to: "close()", complaint: "File.Close is"},
		{name: "another method", from: "Close() error { return nil }", to: "Close() {}", complaint: "File.Close is"},
		{name: "a method that is not variadic", from: "...*File", to: "[]*File", complaint: "File.Twin is"},
		{name: "a missing field", from: "Name string", to: "name string", complaint: "File.Name is"},
		{name: "a method of an interface", from: "(p []byte) (int, error)", to: "(p []byte) int", complaint: "Reader.Read is"},
		{name: "a gap", from: "Size = 3", to: "Size = 4", gap: "Size"},
		{name: "a gap of a method", from: "Close()", to: "close()", gap: "File.Close"},
		{name: "a gap that is none", from: "package std", to: "package ours", gap: "Size", complaint: "Size is listed"},
	} {
		ours := checked(t, "ours", strings.Replace(standard, c.from, c.to, 1))
		gaps := map[string]string{}
		if c.gap != "" {
			gaps[c.gap] = "for the test"
		}
		n, complaints := exported.Compare(std, ours, gaps)
		if n != 7 {
			t.Errorf("%s: %d names, want 7", c.name, n)
		}
		if c.complaint == "" && len(complaints) > 0 || c.complaint != "" && !slices.ContainsFunc(complaints, func(s string) bool { return strings.HasPrefix(s, c.complaint) }) {
			t.Errorf("%s: %q, want one that begins with %q", c.name, complaints, c.complaint)
		}
	}
}

func TestCompareLooksAtTheNamesGiven(t *testing.T) {
	std := checked(t, "std", standard)
	ours := checked(t, "ours", "package ours\nconst Size = 3")
	if n, complaints := exported.Compare(std, ours, nil, "Size"); n != 1 || len(complaints) > 0 {
		t.Errorf("%d names, %q", n, complaints)
	}
	if _, complaints := exported.Compare(std, ours, nil, "Size", "Sice"); len(complaints) != 1 {
		t.Errorf("of a name that neither has it says %q", complaints)
	}
}
