// Shell is a tiny line shell: it runs programs, with a time limit and a clock.
//
//	go run ./examples/shell              read commands from the standard input
//	go run ./examples/shell -limit 10s   and kill each that takes longer than 10 seconds
//
// A line is words, 'quoted' or "quoted" where they hold blanks, and
//
//	a | b      a pipeline
//	< > >>     a file in the place of the input or the output
//	&          at the end: run it in the background
//	jobs       list what runs in the background
//	cd, exit   as everywhere
//
// Ctrl-C interrupts the program that runs, and all that it has started, but not the
// shell. A program reads what < or | gives it, and not the terminal.
//
// It shows programs in process groups (Cmd.Group), a time limit around any block
// (timeout.Run), a signal handler, and a task that draws a clock meanwhile.
package main

import (
	"flag"
	"log"
	"os"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
)

func main() {
	limit := flag.Duration("limit", 0, "kill a command after this time; 0 for never")
	flag.Parse()
	err := runtime.Run(func() {
		s := newShell(os.Stdin, os.Stdout, *limit)
		if terminal(os.Stdout) {
			s.tick = time.Second
		}
		h, err := runtime.Current().AddSignalHandler(os.Interrupt, s.interrupt)
		if err != nil {
			log.Print(err)
			return
		}
		defer h.Cancel()
		s.run()
	})
	if err != nil {
		log.Fatal(err)
	}
}

// terminal tells whether a person is at the other end.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
