//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	stdnet "net"
	stdhttp "net/http"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// question is an HTTP request to which every answer of a server is equally long, so
// that the generator can count bytes instead of reading heads.
type question struct {
	text string
	body string // of the right answer
}

func (q *question) right(answer []byte) error {
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 200 ")) || !bytes.HasSuffix(answer, []byte(q.body)) {
		return fmt.Errorf("the answer is wrong: %.200q", answer)
	}
	return nil
}

// probe asks twice over one connection, and returns how long an answer is.
func (q *question) probe(d dialer) (int, error) {
	fd, err := d.dial(0)
	if err != nil {
		return 0, err
	}
	f := os.NewFile(uintptr(fd), "probe")
	defer f.Close()
	c, err := stdnet.FileConn(f)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	var lengths [2]int
	from := &counter{r: c}
	in := bufio.NewReader(from)
	for i := range lengths {
		if _, err := io.WriteString(c, q.text); err != nil {
			return 0, err
		}
		begin := from.n
		answer, err := stdhttp.ReadResponse(in, nil)
		if err != nil {
			return 0, fmt.Errorf("the answer to the first requests: %w", err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return 0, err
		}
		if answer.StatusCode != stdhttp.StatusOK || string(body) != q.body || answer.Close || in.Buffered() > 0 {
			return 0, fmt.Errorf("the answer to the first requests is %s %.200q, closing %t", answer.Status, body, answer.Close)
		}
		lengths[i] = from.n - begin
	}
	if lengths[0] != lengths[1] {
		return 0, fmt.Errorf("two answers are not equally long: %d and %d bytes", lengths[0], lengths[1])
	}
	_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	return lengths[0], nil
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}
