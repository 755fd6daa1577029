package main

import (
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/evergreen-go/evergreen/task"
)

// barInterval is the time between two drawings of the progress bar.
const barInterval = 50 * time.Millisecond

// defaultWidth is used where the terminal does not tell its own.
const defaultWidth = 80

// showProgress shows how the crawl goes: on a terminal by a line that is drawn over and over, elsewhere by
// a line for each page. The function it returns ends that, and removes the bar; it is a checkpoint.
func showProgress(c *crawler, out *os.File) (end func()) {
	fd := int(out.Fd())
	if !term.IsTerminal(fd) {
		c.onPage = func(p *page) { fmt.Fprintln(out, logLine(p)) }
		return func() {}
	}
	bar := task.Go(func() {
		for {
			width, _, err := term.GetSize(fd)
			if err != nil || width <= 0 {
				width = defaultWidth
			}
			draw(out, barLine(c, now(), width-1)) // the last column would make some terminals wrap
			task.Sleep(barInterval)
		}
	})
	bar.SetName("progress bar")
	return func() {
		bar.Kill()
		bar.Join()
		draw(out, "")
	}
}

// draw replaces the line the cursor is on.
func draw(out io.Writer, line string) {
	fmt.Fprintf(out, "\r%s\x1b[K", line) // back to the start, and erase what is left of the old line
}

// barLine is the progress in one line of at most width characters.
func barLine(c *crawler, now time.Time, width int) string {
	rate := 0.0
	if took := now.Sub(c.began); took > 0 {
		rate = float64(c.fetched) / took.Seconds()
	}
	numbers := fmt.Sprintf("%d done, %d queued, %d active, %.0f/s  ", c.fetched, len(c.frontier.queue), c.working, rate)
	if len(numbers) >= width {
		return cut(numbers, width)
	}
	return numbers + cutMiddle(c.current, width-len(numbers))
}

// logLine is what became of a page, in one line.
func logLine(p *page) string {
	line := fmt.Sprintf("%-4s %6d ms %9s  %s", p.outcome(), p.took.Milliseconds(), size(p.bytes), p.url)
	if p.redirects() {
		line += " -> " + p.location
	}
	return line
}

// cut shortens a text to a number of characters.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(width, 0)])
}

// cutMiddle shortens an address where it is least missed: both its host and its last segment remain.
func cutMiddle(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	if width < 8 {
		return cut(text, width)
	}
	head := (width - 1) / 2
	tail := width - 1 - head
	return string(runes[:head]) + "…" + string(runes[len(runes)-tail:])
}
