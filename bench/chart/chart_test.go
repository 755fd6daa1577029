package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the pictures of testdata anew; look at them before they are committed")

var drawings = map[string]Drawing{
	"bars": Bars{Title: "A title", Unit: "µs, less is better", Panels: []Panel{
		{Title: "first", Bars: []Bar{
			{Label: "ours", Value: 1234.5, Low: 1200, High: 1300, Ours: true},
			{Label: "a long name <&>", Value: 20_000, Low: 15_000, High: 25_000, Note: "ours ×0.06"},
		}},
		{Title: "second", Bars: []Bar{{Label: "nothing", Value: 0}}},
	}},
	"ratios": Ratios{Title: "A title", Unit: "less is less", Groups: []Group{{Title: "A group", Rows: []Ratio{
		{"a quick one", "another", 0.1, 0.09, 0.12},
		{"a slow one", "another", 2.2, 1.9, 2.5},
	}}}},
	"lines": Lines{
		Title: "A title", Unit: "ns", XLabel: "tasks", LogY: true, Markers: true,
		Ticks: []Tick{{0, "1"}, {1, "10"}, {2, "100"}},
		Series: []Series{
			{Name: "ours", Ours: true, X: []float64{0, 1, 2}, Y: []float64{10, 12, 40}, Color: Green},
			{Name: "close by", X: []float64{0, 1, 2}, Y: []float64{11, 14, 41}, Color: Colors[0]},
			{Name: "far away", X: []float64{0, 1, 2}, Y: []float64{100, 1000, 9000}, Color: Colors[1]},
		},
	},
	"linear": Lines{
		Title: "A title", Unit: "bytes", XLabel: "tasks", Ticks: []Tick{{0, "1"}, {1, "2"}},
		Series: []Series{{Name: "ours", Ours: true, X: []float64{0, 1}, Y: []float64{3, 4711}, Color: Green}},
	},
}

// The pictures are those that were looked at.
func TestDrawings(t *testing.T) {
	for name, d := range drawings {
		var b bytes.Buffer
		if err := d.Draw(&b); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%s has changed: look at what go test ./chart -update writes", file)
		}
	}
}

// A picture is well-formed, and all of it lies within its frame.
func TestDrawingsAreWithinTheirFrames(t *testing.T) {
	for name, d := range drawings {
		var b bytes.Buffer
		if err := d.Draw(&b); err != nil {
			t.Fatal(err)
		}
		var height float64
		in := xml.NewDecoder(&b)
		for {
			token, err := in.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			e, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			for _, a := range e.Attr {
				v, err := strconv.ParseFloat(strings.TrimSuffix(a.Value, "px"), 64)
				switch {
				case err != nil:
				case e.Name.Local == "svg" && a.Name.Local == "height":
					height = v
				case strings.HasPrefix(a.Name.Local, "x") && (v < 0 || v > width), strings.HasPrefix(a.Name.Local, "y") && (v < 0 || v > height):
					t.Errorf("%s: %s of %s is %v", name, a.Name.Local, e.Name.Local, v)
				}
			}
		}
		if height == 0 {
			t.Errorf("%s has no height", name)
		}
	}
}

// The names at the ends of curves do not lie upon each other.
func TestNamesAreApart(t *testing.T) {
	c := newCanvas(300, "")
	var all []Series
	for range 5 {
		all = append(all, Series{Name: "same", X: []float64{0, 1}, Y: []float64{0, 1}})
	}
	c.names(all, 0, func(float64) float64 { return 100 })
	seen := map[string]bool{}
	for _, part := range strings.Split(c.out.String(), "<text ")[1:] {
		at, _, _ := strings.Cut(part, ">")
		if seen[at] {
			t.Errorf("two names at %s", at)
		}
		seen[at] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d names, want 5", len(seen))
	}
}

func TestNumber(t *testing.T) {
	for want, v := range map[string]float64{
		"0": 0, "0.012": 0.01234, "1.23": 1.234, "12.3": 12.34, "123": 123.4, "1,235": 1234.5, "1,234,568": 1234567.9,
	} {
		if got := Number(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
	for want, v := range map[string]float64{"0.5": 0.5, "200": 200, "2,000": 2000, "20k": 20_000, "1M": 1e6, "2.5M": 2.5e6} {
		if got := short(v); got != want {
			t.Errorf("%v is written %s on an axis, want %s", v, got, want)
		}
	}
}
