package chart

import (
	"fmt"
	"io"
	"math"
)

// Ratios is a picture of what ours takes beside what another takes, on a scale of
// doublings around one: to the left is less, to the right more.
type Ratios struct {
	Title, Unit string
	Groups      []Group
}

// Group is ratios with a head.
type Group struct {
	Title string
	Rows  []Ratio
}

// Ratio is one comparison, with the smallest and largest of the rounds.
type Ratio struct {
	Label, To        string
	Value, Low, High float64
}

// Draw writes the picture as SVG.
func (r Ratios) Draw(w io.Writer) error {
	height, label, low, high := headRoom+26.0, 0.0, 0.5, 2.0
	for _, g := range r.Groups {
		height += barStep + float64(len(g.Rows))*barStep + 10
		for _, row := range g.Rows {
			label = max(label, textWidth(row.Label+" / "+row.To))
			low, high = min(low, row.Low), max(high, row.High)
		}
	}
	from, to := math.Floor(math.Log2(low)), math.Ceil(math.Log2(high))
	c := newCanvas(height, r.Title)
	c.rich(0, 18, r.Title, "t", "start")
	c.rich(0, 37, r.Unit, "s", "start")
	left, right := label+20, float64(width-64)
	at := func(v float64) float64 { return left + (math.Log2(v)-from)/(to-from)*(right-left) }
	top, bottom := float64(headRoom+22), height-8
	for e := from; e <= to; e++ {
		x, strength := at(math.Exp2(e)), 0.25
		if e == 0 {
			strength = 0.9
		}
		c.line(x, top, x, bottom, strength)
		c.rich(x, top-6, tick(e), "s", "middle")
	}
	y := top + 6
	for _, g := range r.Groups {
		c.rich(0, y+15, g.Title, "h", "start")
		y += barStep
		for _, row := range g.Rows {
			c.ratio(row, y, left, at)
			y += barStep
		}
		y += 10
	}
	return c.end(w)
}

// tick names a power of two.
func tick(e float64) string {
	if e < 0 {
		return fmt.Sprintf("1/%g", math.Exp2(-e))
	}
	return fmt.Sprintf("%g", math.Exp2(e))
}

func (c canvas) ratio(r Ratio, y, left float64, at func(float64) float64) {
	color := Green
	if r.Value > 1 {
		color = Colors[1]
	}
	c.rich(left-14, y+13, r.Label+" / "+r.To, "n", "end")
	one, x := at(1), at(r.Value)
	c.Rect(min(one, x), y+1, max(1, math.Abs(one-x)), barHeight-2, fmt.Sprintf(`fill="%s" fill-opacity="0.85"`, color))
	c.whisker(at(r.Low), at(r.High), y+barHeight/2.0)
	text := fmt.Sprintf("%.2f", r.Value)
	if r.Value > 1 {
		c.rich(max(x, at(r.High))+8, y+13, text, "h", "start")
	} else {
		c.rich(max(one, at(r.High))+8, y+13, text, "h", "start")
	}
}
