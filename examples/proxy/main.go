// Proxy passes TCP connections on to another address, and shows how much goes through.
//
//	go run ./examples/proxy 127.0.0.1:7000 example.com:80
//	curl -H 'Host: example.com' 127.0.0.1:7000
//
// On a terminal a line shows the connections that are open and the bytes that have gone
// there and back; elsewhere there is a line for each connection when it ends. Ctrl-C ends
// it gracefully: connections have some seconds to come to their end. A second Ctrl-C cuts
// them off.
//
// It shows a [net.Server], a Group (the two directions of a connection: an error in one
// ends the other), and a copy that stays inside the system: what goes through in bulk
// never comes into this process. The counts are plain numbers, since only one task runs
// at a time.
package main

import (
	"errors"
	"flag"
	"fmt"
	stdio "io"
	"os"
	"time"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

// options is what a user can choose.
type options struct {
	listen, target string
	limit          int
	dial, grace    time.Duration
}

// parse reads the command line. Usage and complaints go to out.
func parse(args []string, out stdio.Writer) (o options, err error) {
	flags := flag.NewFlagSet("proxy", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.IntVar(&o.limit, "max", 0, "pass on at most so many connections at a time (0 = no limit)")
	flags.DurationVar(&o.dial, "dial", 10*time.Second, "give up connecting to the target after this time")
	flags.DurationVar(&o.grace, "grace", 5*time.Second, "let connections go on for so long after Ctrl-C")
	flags.Usage = func() {
		fmt.Fprint(out, "usage: proxy [flags] ADDRESS TARGET\n\nConnections to ADDRESS are passed on to TARGET, as in: proxy 127.0.0.1:7000 example.com:80\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() != 2 {
		err := fmt.Errorf("two addresses are needed, there are %d (-h shows all flags)", flags.NArg())
		fmt.Fprintln(out, "proxy:", err)
		return o, err
	}
	o.listen, o.target = flags.Arg(0), flags.Arg(1)
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
	err = runtime.Run(func() { failed = serve(o) })
	if err := errors.Join(err, failed); err != nil {
		fmt.Fprintln(stderr, "proxy:", err)
		return 1
	}
	return 0
}

// serve passes connections on until Ctrl-C.
func serve(o options) error {
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	p := &proxy{target: o.target, dial: o.dial, out: io.Stdout}
	server := &net.Server{Handler: p.handle, MaxConns: o.limit}
	ended, err := endOn(os.Interrupt, server, o.grace)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer ended.Cancel()
	fmt.Fprintf(io.Stdout, "from %v to %s, Ctrl-C to end\n", l.Addr(), o.target)
	if io.Stdout.IsTerminal() {
		p.live = task.Go(p.show)
	}
	err = server.Serve(l) // returns at the first Ctrl-C
	if over := server.Shutdown(o.grace); over != nil && !errors.Is(over, net.ErrCut) {
		err = errors.Join(err, over)
	}
	p.endShow()
	fmt.Fprintln(io.Stdout, p.status())
	if errors.Is(err, net.ErrServerClosed) {
		return nil
	}
	return err
}

// endOn shuts the server down at a signal, and cuts it off at the next.
func endOn(sig os.Signal, server *net.Server, grace time.Duration) (*runtime.Handle, error) {
	times := 0
	return runtime.Current().AddSignalHandler(sig, func() { // a callback, which must not wait
		if times++; times == 1 {
			task.Go(func() { _ = server.Shutdown(grace) })
		} else {
			_ = server.Close()
		}
	})
}
