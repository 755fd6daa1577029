package chart

import (
	"fmt"
	"io"
	"math"
	"slices"
)

// Lines is a picture of curves.
type Lines struct {
	Title, Unit    string
	XLabel         string
	LogY           bool // powers of ten; else from zero
	Ticks          []Tick
	Series         []Series
	Height         float64 // of the field
	Markers, Steep bool
}

// Tick is a place on the x axis.
type Tick struct {
	At   float64
	Text string
}

// Series is one curve. X is where the ticks are.
type Series struct {
	Name  string
	Ours  bool
	X, Y  []float64
	Color string
}

// Draw writes the picture as SVG.
func (l Lines) Draw(w io.Writer) error {
	field := l.Height
	if field == 0 {
		field = 300
	}
	const left, right, top = 64.0, 150.0, headRoom + 8.0
	bottom := top + field
	c := newCanvas(bottom+48, l.Title)
	c.rich(0, 18, l.Title, "t", "start")
	c.rich(0, 37, l.Unit, "s", "start")
	x0, x1 := l.Ticks[0].At, l.Ticks[len(l.Ticks)-1].At
	x := func(v float64) float64 { return left + (v-x0)/(x1-x0)*(width-left-right) }
	steps, y := l.scale(top, bottom)
	for _, v := range steps {
		c.line(left, y(v), width-right, y(v), 0.25)
		c.rich(left-8, y(v)+4, short(v), "s", "end")
	}
	for _, t := range l.Ticks {
		c.line(x(t.At), bottom, x(t.At), bottom+5, 0.8)
		c.rich(x(t.At), bottom+20, t.Text, "s", "middle")
	}
	c.line(left, bottom, width-right, bottom, 0.8)
	c.rich((left+width-right)/2, bottom+40, l.XLabel, "s", "middle")
	for i := range l.Series {
		c.curve(&l.Series[i], x, y, l.Markers)
	}
	c.names(l.Series, width-right+12, y)
	return c.end(w)
}

// scale finds the steps of the y axis, and where a value is.
func (l Lines) scale(top, bottom float64) (steps []float64, y func(float64) float64) {
	low, high := math.Inf(1), 0.0
	for _, s := range l.Series {
		low, high = min(low, slices.Min(s.Y)), max(high, slices.Max(s.Y))
	}
	if l.LogY {
		from, to := math.Floor(math.Log10(low)*3)/3, math.Ceil(math.Log10(high)*3)/3
		for e := math.Floor(from); e <= math.Ceil(to); e++ {
			for _, d := range []float64{1, 2, 5} {
				v := d * math.Pow(10, e)
				if at := math.Log10(v); at >= from-1e-9 && at <= to+1e-9 {
					steps = append(steps, v)
				}
			}
		}
		if len(steps) > 9 {
			steps = slices.DeleteFunc(steps, func(v float64) bool { return math.Abs(math.Log10(v)-math.Round(math.Log10(v))) > 1e-9 })
		}
		return steps, func(v float64) float64 { return bottom - (math.Log10(v)-from)/(to-from)*(bottom-top) }
	}
	step := nice(high / 5)
	to := math.Ceil(high/step) * step
	for v := 0.0; v <= to+step/2; v += step {
		steps = append(steps, v)
	}
	return steps, func(v float64) float64 { return bottom - v/to*(bottom-top) }
}

// nice is the next number with one digit that steps are made of.
func nice(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, d := range []float64{1, 2, 5, 10} {
		if v <= d*unit {
			return d * unit
		}
	}
	return v
}

func (c canvas) curve(s *Series, x, y func(float64) float64, markers bool) {
	var xs, ys []float64
	for i := range s.X {
		xs, ys = append(xs, x(s.X[i])), append(ys, y(s.Y[i]))
	}
	wide := 2.0
	if s.Ours {
		wide = 3
	}
	c.Polyline(xs, ys, fmt.Sprintf(`fill="none" stroke="%s" stroke-width="%g" stroke-linejoin="round" stroke-linecap="round"`, s.Color, wide))
	if markers {
		for i := range xs {
			c.Circle(xs[i], ys[i], wide+0.8, fmt.Sprintf(`fill="%s"`, s.Color))
		}
	}
}

// names writes the names at the ends of the curves, in the order in which these end,
// with as much room as they need.
func (c canvas) names(all []Series, at float64, y func(float64) float64) {
	const line = 17
	type name struct {
		s Series
		y float64
	}
	var names []name
	for _, s := range all {
		names = append(names, name{s, y(s.Y[len(s.Y)-1]) + 4})
	}
	slices.SortFunc(names, func(a, b name) int { return int(math.Copysign(1, a.y-b.y)) })
	// Push apart from the middle: down first, then what went too far up again.
	for i := 1; i < len(names); i++ {
		names[i].y = max(names[i].y, names[i-1].y+line)
	}
	for i, last := len(names)-1, y(all[0].Y[0])+1e6; i >= 0; i-- {
		names[i].y = min(names[i].y, last)
		last = names[i].y - line
	}
	for _, n := range names {
		weight := ""
		if n.s.Ours {
			weight = `;font-weight:600`
		}
		c.Text(at, n.y, n.s.Name, fmt.Sprintf("fill:%s%s", n.s.Color, weight))
	}
}
