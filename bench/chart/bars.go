package chart

import (
	"fmt"
	"io"
	"math"
)

// Bars is a picture of panels below each other, each with one bar for each peer.
type Bars struct {
	Title, Unit string
	Panels      []Panel
}

// Panel is the bars of one case. Each has a scale of its own.
type Panel struct {
	Title string
	Bars  []Bar
}

// Bar is one peer's. Low and High are the smallest and the largest that was measured.
type Bar struct {
	Label            string
	Value, Low, High float64
	Ours             bool
	Note             string // behind the value
}

const (
	barHeight = 17
	barStep   = 24
	panelGap  = 16
	headRoom  = 52
)

// Draw writes the picture as SVG.
func (b Bars) Draw(w io.Writer) error {
	height, label, text := float64(headRoom), 0.0, 0.0
	for _, p := range b.Panels {
		height += float64(len(p.Bars))*barStep + panelGap
		if p.Title != "" {
			height += barStep
		}
		for _, bar := range p.Bars {
			label = max(label, textWidth(bar.Label))
			if bar.Ours {
				label = max(label, boldWidth(bar.Label))
			}
			text = max(text, textWidth(Number(bar.Value)+"   "+bar.Note))
		}
	}
	c := newCanvas(height, b.Title)
	c.rich(0, 18, b.Title, "t", "start")
	c.rich(0, 37, b.Unit, "s", "start")
	left := label + 12
	room := width - left - text - 24
	y := float64(headRoom)
	for _, p := range b.Panels {
		if p.Title != "" {
			c.rich(0, y+15, p.Title, "h", "start")
			y += barStep
		}
		top := 0.0
		for _, bar := range p.Bars {
			top = max(top, bar.Value, bar.High)
		}
		for _, bar := range p.Bars {
			c.bar(bar, left, y, room/max(top, math.SmallestNonzeroFloat64))
			y += barStep
		}
		c.line(left, y-float64(len(p.Bars))*barStep-2, left, y-3, 0.7)
		y += panelGap
	}
	return c.end(w)
}

// bar draws one bar with its label, value and spread.
func (c canvas) bar(b Bar, left, y, scale float64) {
	color := Colors[0]
	if b.Ours {
		color = Green
	}
	class := "n"
	if b.Ours {
		class = "h"
	}
	c.rich(left-10, y+13, b.Label, class, "end")
	long := max(1, b.Value*scale)
	c.Roundrect(left, y, long, barHeight, 2, 2, fmt.Sprintf(`fill="%s" fill-opacity="0.85"`, color))
	end := left + long
	if b.High > b.Low {
		c.whisker(left+b.Low*scale, left+b.High*scale, y+barHeight/2.0)
		end = max(end, left+b.High*scale)
	}
	c.rich(end+8, y+13, Number(b.Value), class, "start")
	if b.Note != "" {
		c.rich(end+16+textWidth(Number(b.Value)), y+13, b.Note, "s", "start")
	}
}

// whisker draws from where to where the rounds went.
func (c canvas) whisker(from, to, y float64) {
	c.Line(from, y, to, y, fmt.Sprintf(`stroke="%s" stroke-width="1.4"`, ink))
	for _, x := range []float64{from, to} {
		c.Line(x, y-4, x, y+4, fmt.Sprintf(`stroke="%s" stroke-width="1.4"`, ink))
	}
}
