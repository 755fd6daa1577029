//go:build unix

package io_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"regexp"
	"strings"
	"time"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// A server that answers lines, and its client.
func ExampleStream() {
	err := runtime.Run(func() {
		here, there := net.Pipe()
		task.Go(func() {
			s := io.NewStream(there)
			defer s.Close()
			for line, err := range s.Lines() {
				if err != nil {
					log.Print(err)
					return
				}
				fmt.Fprintf(s, "hello, %s\n", line)
			}
		})
		s := io.NewStream(here)
		defer s.Close()
		for _, name := range []string{"fir", "spruce"} {
			fmt.Fprintln(s, name)
			line, err := s.ReadLine()
			if err != nil {
				log.Print(err)
				return
			}
			fmt.Println(string(line))
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// hello, fir
	// hello, spruce
}

// A dialog with a program that prompts: what it says is read up to the prompt, whichever
// it is.
func ExampleStreamReader_ReadUntilRegexp() {
	err := runtime.Run(func() {
		s := io.NewStreamReader(strings.NewReader("Welcome!\nlogin: "))
		prompt, err := s.ReadUntilRegexp(regexp.MustCompile(`(?:login|password): `))
		fmt.Printf("%q %v\n", prompt, err)
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// "Welcome!\nlogin: " <nil>
}

// A read that runs out of time loses nothing: what had come is there for the next.
func ExampleStreamReader_ReadUntil() {
	err := runtime.Run(func() {
		r, w := io.Pipe()
		task.Go(func() {
			io.WriteString(w, "slow")
			task.Sleep(time.Minute)
			io.WriteString(w, "ly;")
		})
		s := io.NewStreamReader(r)
		for range 2 {
			var words []byte
			err := timeout.Run(50*time.Second, func() (err error) {
				words, err = s.ReadUntil([]byte(";"))
				return err
			})
			fmt.Printf("%q %v\n", words, err)
		}
	}, runtime.WithVirtualClock())
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// "" timed out after 50s
	// "slowly;" <nil>
}

// Messages with their length before them, none of more than a kibibyte.
func ExampleStreamReader_Messages() {
	err := runtime.Run(func() {
		framing := io.LengthFraming(4, binary.BigEndian).Limit(1 << 10)
		r, w := io.Pipe()
		task.Go(func() {
			s := io.NewStreamWriter(w)
			defer s.Close()
			for _, m := range []string{"one", "", "three"} {
				if err := s.WriteMessage(framing, []byte(m)); err != nil {
					log.Print(err)
				}
			}
			fmt.Println("too long:", errors.Is(s.WriteMessage(framing, make([]byte, 2000)), io.ErrTooLong))
		})
		for m, err := range io.NewStreamReader(r).Messages(framing) {
			fmt.Printf("%q %v\n", m, err)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// too long: true
	// "one" <nil>
	// "" <nil>
	// "three" <nil>
}

// Two tasks and a pipe between them.
func ExamplePipe() {
	err := runtime.Run(func() {
		r, w := io.Pipe()
		task.Go(func() {
			fmt.Fprint(w, "some text to be read")
			w.Close()
		})
		text, err := io.ReadAll(r)
		fmt.Println(string(text), err)
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// some text to be read <nil>
}
