package main

import (
	"bufio"
	"fmt"
	"io"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
)

// demonstrate opens a room, lets three guests talk, and writes what one of them
// hears.
func demonstrate(w io.Writer) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(w, err)
		return
	}
	r := newRoom()
	g := task.NewGroup()
	g.Go(func() error { return r.serve(l) })
	g.Go(func() error {
		defer r.close()
		return talk(w, l.Addr().String())
	})
	if err := g.Wait(); err != nil {
		fmt.Fprintln(w, err)
	}
}

// talk is a conversation of three guests. Each line waits until it was heard, so
// that it always goes the same way.
func talk(w io.Writer, address string) error {
	var ears *bufio.Reader // those of the first guest
	heard := func() error {
		line, err := ears.ReadString('\n')
		fmt.Fprint(w, line)
		return err
	}
	var guests []net.Conn
	for _, name := range []string{"Ada", "Blaise", "Grace"} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		defer conn.Close()
		guests = append(guests, conn)
		if ears == nil {
			ears = bufio.NewReader(conn)
			if _, err := ears.Discard(len("Your name? ")); err != nil {
				return err
			}
		}
		fmt.Fprintln(conn, name)
		if err := heard(); err != nil {
			return err
		}
	}
	for i, line := range []string{"Good evening!", "Bonsoir.", "Is this the compiler room?", "It is now."} {
		fmt.Fprintln(guests[i%len(guests)], line)
		if err := heard(); err != nil {
			return err
		}
	}
	_ = guests[1].Close()
	return heard()
}
