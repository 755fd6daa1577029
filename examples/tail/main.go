// Tail follows files and writes what is added to them, line by line, as it comes.
//
//	go run ./examples/tail /var/log/syslog /var/log/auth.log
//
// Lines of several files are merged, each with the name of its file before it. A file
// that becomes shorter is read from its beginning; one that is renamed and made anew, as
// programs that rotate logs do, is read to its end and then followed under its name; one
// that does not exist yet is waited for. Ctrl-C ends it.
//
// It shows a task per file, a Group around them, files that are read without holding up
// the others ([io.File]), and a descriptor that the loop watches: on Linux the system tells
// what has changed by inotify, elsewhere tail looks again and again.
package main

import (
	"errors"
	"flag"
	"fmt"
	stdio "io"
	"os"
	"time"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

// options is what a user can choose.
type options struct {
	lines int
	poll  time.Duration
	files []string
}

// parse reads the command line. Usage and complaints go to out.
func parse(args []string, out stdio.Writer) (o options, err error) {
	flags := flag.NewFlagSet("tail", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.IntVar(&o.lines, "n", 10, "begin with so many lines of each file")
	flags.DurationVar(&o.poll, "poll", 0, "look at the files at this interval, as for file systems that do not tell of changes (0 = be told)")
	flags.Usage = func() {
		fmt.Fprint(out, "usage: tail [flags] FILE...\n\nThe last lines of the files are written, and then what is added to them.\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.files = flags.Args(); len(o.files) == 0 || o.lines < 0 {
		err := errors.New("at least one file is needed, and no negative number of lines (-h shows all flags)")
		fmt.Fprintln(out, "tail:", err)
		return o, err
	}
	return o, nil
}

// run is the program. It returns the exit code.
func run(args []string, stderr stdio.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	var failed error
	err = runtime.Run(func() { failed = untilInterrupt(o) })
	if err := errors.Join(err, failed); err != nil {
		fmt.Fprintln(stderr, "tail:", err)
		return 1
	}
	return 0
}

// untilInterrupt follows the files until Ctrl-C.
func untilInterrupt(o options) error {
	g := task.NewGroup()
	h, err := runtime.Current().AddSignalHandler(os.Interrupt, g.Cancel)
	if err != nil {
		return err
	}
	defer h.Cancel()
	g.Go(func() error { return follow(o, io.Stdout) })
	if err := g.Wait(); err != nil && !errors.Is(err, task.ErrCanceled) {
		return err
	}
	return nil
}

// follow writes what the files have and get, and returns when the task is cancelled or
// the output fails.
func follow(o options, to stdio.Writer) error {
	w, err := newWatch(o.poll)
	if err != nil {
		return err
	}
	defer w.close()
	out := io.NewStreamWriter(to) // which the tasks may share, as they may not a bufio.Writer: its Flush waits
	g := task.NewGroup()
	for _, name := range o.files {
		f := &follower{name: name, lines: o.lines, changed: w.changes(name)}
		if len(o.files) > 1 {
			f.prefix = name + ": "
		}
		f.write = func(line []byte) error { // in one piece: others write, too
			_, err := out.Write(append(append([]byte(f.prefix), line...), '\n'))
			return err
		}
		f.flush = out.Flush
		g.Go(f.follow)
	}
	return g.Wait()
}
