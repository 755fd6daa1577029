//go:build linux

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evergreen-go/evergreen/bench/chart"
)

// The page's words, with marks where the figures go.
//
//go:embed performance.md
var pageText string

// writeDocs writes performance.md into a directory, and its pictures into
// performance/ there. The README shows the first of them.
func writeDocs(dir string, r *results) error {
	if err := os.MkdirAll(filepath.Join(dir, "performance"), 0o777); err != nil {
		return err
	}
	for name, text := range pages(r) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// pages are the files that writeDocs writes, by their names.
func pages(r *results) map[string][]byte {
	files := map[string][]byte{}
	show := func(name, alt string, d chart.Drawing) string {
		if d == nil {
			return ""
		}
		var b bytes.Buffer
		if err := d.Draw(&b); err != nil {
			panic(err) // a buffer takes everything
		}
		file := "performance/" + name + ".svg"
		files[file] = b.Bytes()
		return fmt.Sprintf("![%s](%s)\n\n", alt, file)
	}
	var body strings.Builder
	for _, a := range areas {
		var some []outcome
		for _, s := range a.scenes {
			if o := r.find(a.name, s.name); o != nil {
				some = append(some, *o)
			}
		}
		if len(some) == 0 {
			continue
		}
		fmt.Fprintf(&body, "## %s\n\n%s\n\n", a.title, a.about)
		for _, p := range a.pictures {
			body.WriteString(show(a.name+"-"+p.name, p.alt, p.draw(r, a)))
		}
		table(&body, a, some)
		body.WriteString("\n")
	}
	var held strings.Builder
	check(&held, r, promises)
	files["performance.md"] = []byte(strings.NewReplacer(
		"{machine}", r.Machine, "{when}", r.When,
		"{overview}", strings.TrimSpace(show("overview", "What Evergreen takes beside what else a Go program would use", overview(r))),
		"{areas}", strings.TrimSpace(body.String()),
		"{promises}", strings.TrimSpace(held.String()),
	).Replace(pageText))
	return files
}
