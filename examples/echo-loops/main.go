// Echo-loops sends back what it is sent, with one event loop for each processor.
//
//	go run ./examples/echo-loops 127.0.0.1:7000
//
// The loops share nothing: each has a listener of its own at the same port, by
// net.ReusePort, and a net.Server, and the system spreads the clients over them. On
// an interrupt the servers stop accepting and give their clients some seconds to
// finish; then it says what each of them has done.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	stdruntime "runtime"
	"time"
)

func main() {
	loops := flag.Int("loops", stdruntime.GOMAXPROCS(0), "how many event loops")
	grace := flag.Duration("grace", 5*time.Second, "how long clients may take to finish after an interrupt")
	limit := flag.Int("max", 0, "how many connections each loop serves at a time, 0 for no limit")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: echo-loops [flags] [address]")
		flag.PrintDefaults()
	}
	flag.Parse()
	address := "127.0.0.1:7000"
	if flag.NArg() > 0 {
		address = flag.Arg(0)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	f, err := start(address, *loops, *limit)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("echo at %s in %d loops, Ctrl-C to end", f.address, *loops)
	<-ctx.Done()
	stop() // a second interrupt ends the program at once
	log.Printf("no new clients; those there are have %v to finish", *grace)
	err = f.shutdown(*grace)
	fmt.Print(f.report())
	if err != nil {
		log.Fatal(err)
	}
}
