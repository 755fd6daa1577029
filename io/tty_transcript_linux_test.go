package io_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/io"
)

// ttyTour is the program of docs/terminal.md.
func ttyTour(tty *io.TTY) {
	name, _ := tty.Prompt("Your name? ")
	word, _ := tty.Password("Password? ")
	fmt.Fprintf(tty, "Good evening, %s. Your password has %d letters.\n", name, len(word))
	_ = tty.Raw(func() error {
		fmt.Fprint(tty, "Press keys, q to end: ")
		for p := make([]byte, 1); p[0] != 'q'; {
			if _, err := tty.Read(p); err != nil {
				return err
			}
			fmt.Fprintf(tty, "%q ", p)
		}
		return nil
	})
	for size := range tty.Resizes() {
		fmt.Fprintf(tty, "\n%d rows of %d", size.Rows, size.Columns)
		if size.Rows > 24 {
			break
		}
	}
	fmt.Fprintln(tty)
}

// What docs/terminal.md shows is what the terminal shows.
func TestTranscriptInTheDocs(t *testing.T) {
	u := ttyStart(t, "tour")
	screen := u.until("Your name? ")
	u.press("Ada\r")
	screen += u.until("Password? ")
	u.press("lovelace\r")
	screen += u.until("q to end: ")
	for _, key := range []string{"a", "\x03", "\x1b", "q"} {
		u.press(key)
		screen += u.until(fmt.Sprintf("%q ", key))
	}
	screen += u.until("24 rows of 80")
	must(t, u.size(50, 132))
	screen += u.until("50 rows of 132\r\n")
	u.end()
	text, err := os.ReadFile("../docs/terminal.md")
	must(t, err)
	if shown := strings.ReplaceAll(screen, "\r\n", "\n"); !strings.Contains(string(text), "\n```text\n"+shown+"```\n") {
		t.Errorf("docs/terminal.md does not show what the terminal does:\n%s", shown)
	}
}
