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
// (timeout.Run), lines from the terminal (io.Stdin), a channel of signals, and a task that
// draws a clock meanwhile.
package main

import (
	"flag"
	"log"
	"os"
	"time"

	"github.com/evergreen-go/evergreen/channel"
	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func main() {
	limit := flag.Duration("limit", 0, "kill a command after this time; 0 for never")
	flag.Parse()
	err := runtime.Run(func() {
		s := newShell(io.Stdin, io.Stdout, *limit)
		if io.Stdout.IsTerminal() {
			s.tick = time.Second
		}
		interrupts := channel.New[os.Signal](1)
		stop, err := channel.Notify(interrupts, os.Interrupt)
		if err != nil {
			log.Print(err)
			return
		}
		defer func() {
			stop()
			interrupts.Close() // ends the task
		}()
		task.Go(func() {
			for range interrupts.All() {
				s.interrupt()
			}
		})
		s.run()
	}, runtime.WithGrace(time.Second)) // for the open of a named pipe that was given up
	if err != nil {
		log.Fatal(err)
	}
}
