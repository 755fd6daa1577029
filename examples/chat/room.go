package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

const (
	// backlog is how many lines a guest may be behind. Whoever does not read is shown
	// out, so that one slow guest costs neither the others nor our memory.
	backlog = 64
	// maxLine is the longest line that is passed on.
	maxLine = 1024
	// farewell is how long the last lines may take when the room closes.
	farewell = 2 * time.Second
)

// room is the guests and what ends it.
type room struct {
	guests map[*guest]bool
	door   map[net.Conn]bool // those who have not said their name yet
	closed sync.Event
}

// guest is one connection.
type guest struct {
	name string
	conn net.Conn
	out  *sync.Queue[string]
}

func newRoom() *room {
	return &room{guests: make(map[*guest]bool), door: make(map[net.Conn]bool)}
}

// close lets no more guests in and shows out those who are there.
func (r *room) close() { r.closed.Set() }

// serve lets guests in until the room closes, and returns when the last has gone.
func (r *room) serve(l net.Listener) error {
	g := task.NewGroup()
	g.Go(func() error {
		r.closed.Wait()
		for guest := range r.guests {
			guest.out.Shutdown(false) // what is queued is still sent
		}
		for conn := range r.door {
			_ = conn.Close()
		}
		return l.Close()
	})
	g.Go(func() error {
		for {
			conn, err := l.Accept()
			switch {
			case errors.Is(err, net.ErrClosed):
				return nil
			case err != nil:
				return err
			}
			g.Go(func() error {
				r.host(conn)
				return nil
			})
		}
	})
	return g.Wait()
}

// host looks after one guest: one task hears, the other one tells.
func (r *room) host(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReaderSize(conn, maxLine)
	r.door[conn] = true
	fmt.Fprint(conn, "Your name? ")
	name, err := readLine(in)
	delete(r.door, conn)
	if err != nil || name == "" || r.closed.IsSet() {
		return
	}
	me := &guest{name: name, conn: conn, out: sync.NewQueue[string](backlog)}
	r.guests[me] = true
	r.say(me.name + " has come in")
	g := task.NewGroup()
	g.Go(func() error { return r.hear(me, in) })
	g.Go(func() error { return me.tell() })
	_ = g.Wait() // the first that ends ends the other
	delete(r.guests, me)
	if !r.closed.IsSet() {
		r.say(me.name + " has left")
	}
}

// errLeft ends the group of a guest who has gone.
var errLeft = errors.New("the guest has left")

// hear passes on what the guest says.
func (r *room) hear(me *guest, in *bufio.Reader) error {
	for {
		line, err := readLine(in)
		if err != nil {
			return errLeft
		}
		if line != "" {
			r.say(me.name + ": " + line)
			task.Yield() // who talks without a pause must let the others listen
		}
	}
}

// tell sends the guest what there is to hear, until there is no more.
func (me *guest) tell() error {
	for line := range me.out.All() {
		if _, err := fmt.Fprintln(me.conn, line); err != nil {
			return err
		}
	}
	// The room is closed: the last words, for one who reads no more, have their limit.
	return timeout.Run(farewell, func() error {
		_, _ = fmt.Fprintln(me.conn, "The room is closed.")
		return errLeft
	})
}

// say tells everybody. It does not wait: who is too far behind is shown out.
func (r *room) say(line string) {
	for g := range r.guests {
		if g.out.TryPut(line) != nil {
			_ = g.conn.Close()
		}
	}
}

// readLine reads a line; one that is too long is an error.
func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadSlice('\n')
	return strings.TrimSpace(string(line)), err
}
