// Package chart draws bars and curves as SVG that can be read on a light page and on a
// dark one: the background is transparent, and text, axes and colors are of middle
// brightness.
package chart

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	svg "github.com/ajstarks/svgo/float"
)

// width of every picture. Heights follow from what is in it.
const width = 800

const (
	ink  = "#6e7781" // text: 4.6 to 1 on white, 4.1 to 1 on GitHub's black
	axis = "#8b949e" // lines, at part of their strength
	font = "system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif"
)

// Green is the color of ours.
const Green = "#2da44e"

// Colors are for the others, in their order.
var Colors = []string{"#4c8eda", "#c4850c", "#8b949e", "#a371d6", "#d0619a", "#3aa6a6", "#b5714f", "#7f8fd0", "#9a9a3a"}

// Drawing is a picture.
type Drawing interface {
	// Draw writes it as SVG.
	Draw(w io.Writer) error
}

// canvas is a picture that is being drawn.
type canvas struct {
	*svg.SVG
	out *strings.Builder
}

func newCanvas(height float64, title string) canvas {
	var b strings.Builder
	c := canvas{svg.New(&b), &b}
	c.Decimals = 1
	c.Startview(width, height, 0, 0, width, height)
	c.Title(title)
	c.Style("text/css", fmt.Sprintf("text{font:13px %s;fill:%s}.t{font-size:15px;font-weight:600}.h{font-weight:600}.s{font-size:12px}", font, ink))
	return c
}

// end writes the picture.
func (c canvas) end(w io.Writer) error {
	c.End()
	_, err := io.WriteString(w, c.out.String())
	return err
}

func (c canvas) line(x1, y1, x2, y2, opacity float64) {
	c.Line(x1, y1, x2, y2, fmt.Sprintf(`stroke="%s" stroke-opacity="%g"`, axis, opacity))
}

// rich marks text with the class of its kind: t for titles, h for heads, s for small.
func (c canvas) rich(x, y float64, text, class, anchor string) {
	c.Text(x, y, text, fmt.Sprintf(`class="%s" text-anchor="%s"`, class, anchor))
}

// textWidth is how wide a text is at most, about: there is no font here to ask.
func textWidth(s string) float64 { return 7.8 * float64(len([]rune(s))) }

// boldWidth is the same of what is set in bold.
func boldWidth(s string) float64 { return 1.13 * textWidth(s) }

// Number writes a value with as many digits as it is worth: three, and commas.
func Number(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0"
	case a >= 100:
		text := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
		for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
			text = text[:i] + "," + text[i:]
		}
		return text
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	default:
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
}

// short writes a number for an axis: 0.5, 2,000, 20k, 1M.
func short(v float64) string {
	plain := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	switch {
	case v >= 1e6:
		return plain(v/1e6) + "M"
	case v >= 1e4:
		return plain(v/1e3) + "k"
	case v >= 1e3:
		return Number(v)
	}
	return plain(v)
}
