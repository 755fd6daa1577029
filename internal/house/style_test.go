package house_test

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	fileLines     = 400 // one noun fits
	fileLinesHard = 450 // beyond this no reason counts
	funcLines     = 70
	statements    = 108 // the numbers of the statements about the semantics that tests refer to
)

// A long names a file between the two limits, and why it is better left in one piece.
type long struct{ path, why string }

var longFiles = []long{}

func TestFileLength(t *testing.T) {
	unused := make(map[string]bool)
	for _, l := range longFiles {
		if l.why == "" {
			t.Errorf("the exemption of %s gives no reason", l.path)
		}
		unused[l.path] = true
	}
	for _, s := range sources(t) {
		if s.test || ast.IsGenerated(s.file) {
			continue
		}
		n := strings.Count(string(s.text), "\n")
		switch {
		case n <= fileLines:
		case n > fileLinesHard:
			t.Errorf("%s has %d lines, more than %d: split it", s.path, n, fileLinesHard)
		case unused[s.path]:
			delete(unused, s.path)
		default:
			t.Errorf("%s has %d lines, more than %d: split it, or list it in longFiles with a reason",
				s.path, n, fileLines)
		}
	}
	for path := range unused {
		t.Errorf("%s needs its exemption no longer", path)
	}
}

func TestFunctionLength(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !ours(s.dir) || ast.IsGenerated(s.file) {
			continue
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.lines(f.Pos(), f.End()); n > funcLines {
				t.Errorf("%s:%d: %s has %d lines, more than %d", s.path, s.line(f.Pos()), f.Name.Name, n, funcLines)
			}
		}
	}
}

// A test that sleeps waits too long on a fast machine and not long enough on a slow one.
func TestNoSleepingTests(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test {
			continue
		}
		name := localName(s.file, "time")
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok || call.Sel.Name != "Sleep" {
				return true
			}
			if x, ok := call.X.(*ast.Ident); ok && x.Name == name {
				t.Errorf("%s:%d: a test must not call time.Sleep: wait for the event, or use a virtual clock",
					s.path, s.line(call.Pos()))
			}
			return true
		})
	}
}

// localName is the name under which a file knows an import, or "".
func localName(f *ast.File, path string) string {
	for _, spec := range f.Imports {
		switch {
		case strings.Trim(spec.Path.Value, `"`) != path:
		case spec.Name != nil:
			return spec.Name.Name
		default:
			return path
		}
	}
	return ""
}

var leftover = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)

// What is left to do belongs where others see it: in an issue.
func TestNoLeftovers(t *testing.T) {
	for _, s := range sources(t) {
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				if word := leftover.FindString(c.Text); word != "" {
					t.Errorf("%s:%d: a comment says %s", s.path, s.line(c.Pos()), word)
				}
			}
		}
	}
	top, err := root()
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"*.s", "*/*.s", "*/*/*.s"} {
		names, err := filepath.Glob(filepath.Join(top, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if word := leftover.Find(text); word != nil {
				t.Errorf("%s says %s", name, word)
			}
		}
	}
}

var (
	showHolds = flag.Bool("holds", false, "print which statement is covered by which test")

	// What was meant as such a comment, as opposed to a line of prose that begins with the word.
	holdsMark = regexp.MustCompile(`(?i)^//\s*holds?(:|\s+[0-9])`)
	holdsForm = regexp.MustCompile(`^// holds: ([0-9]+(?:, [0-9]+)*)\.?$`)
)

// TestHolds checks the comments that tie tests to the numbered statements, and prints the ties.
func TestHolds(t *testing.T) {
	covered := make(map[int][]string)
	for _, s := range sources(t) {
		if !s.test {
			continue
		}
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				numbers, err := parseHolds(c.Text)
				if err != nil {
					t.Errorf("%s:%d: %v", s.path, s.line(c.Pos()), err)
				}
				for _, n := range numbers {
					where := s.dir + "." + enclosing(s.file, c)
					if !slices.Contains(covered[n], where) {
						covered[n] = append(covered[n], where)
					}
				}
			}
		}
	}
	if !*showHolds {
		return
	}
	var table strings.Builder
	for n := 1; n <= statements; n++ {
		fmt.Fprintf(&table, "%4d  %s\n", n, strings.Join(covered[n], ", "))
	}
	t.Logf("%d of %d statements are covered:\n%s", len(covered), statements, &table)
}

// parseHolds returns the numbers of a holds comment, and nothing for any other comment.
func parseHolds(text string) ([]int, error) {
	if !holdsMark.MatchString(text) {
		return nil, nil
	}
	found := holdsForm.FindStringSubmatch(text)
	if found == nil {
		return nil, errors.New("the form is // holds: N[, N...]")
	}
	var numbers []int
	for part := range strings.SplitSeq(found[1], ", ") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || n > statements {
			return nil, fmt.Errorf("there is no statement %s, they go from 1 to %d", part, statements)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// enclosing is the function a comment stands in or above; "file" if it stands elsewhere.
func enclosing(f *ast.File, c *ast.Comment) string {
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		from := fn.Pos()
		if fn.Doc != nil {
			from = fn.Doc.Pos()
		}
		if from <= c.Pos() && c.Pos() < fn.End() {
			return fn.Name.Name
		}
	}
	return "file"
}

func TestParseHolds(t *testing.T) {
	for _, c := range []struct {
		text string
		want []int
		bad  bool
	}{
		{text: "// holds: 1", want: []int{1}},
		{text: "// holds: 11, 108", want: []int{11, 108}},
		{text: "// holds the lock"},
		{text: "// holds 3", bad: true},
		{text: "// Holds: 3", bad: true},
		{text: "// holds: 0", bad: true},
		{text: "// holds: 109", bad: true},
		{text: "//holds: 3", bad: true},
		{text: "// holds: 3 4", bad: true},
		{text: "// it holds: 3"},
	} {
		got, err := parseHolds(c.text)
		if !slices.Equal(got, c.want) || (err != nil) != c.bad {
			t.Errorf("%q: %v, %v; want %v, an error: %v", c.text, got, err, c.want, c.bad)
		}
	}
}
