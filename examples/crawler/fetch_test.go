package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	stdnet "net"
	"net/url"
	"os"
	"syscall"
	"testing"
	"testing/iotest"
)

func TestMeter(t *testing.T) {
	for _, test := range []struct {
		size, limit int
		read        int
		over        bool
	}{
		{0, 10, 0, false}, {9, 10, 9, false}, {10, 10, 10, false}, {11, 10, 10, true}, {100, 10, 10, true}, {5, 0, 0, true}, {5, -1, 0, true},
	} {
		m := &meter{r: iotest.OneByteReader(bytes.NewReader(make([]byte, test.size))), left: int64(test.limit)}
		text, err := io.ReadAll(m)
		if err != nil || len(text) != test.read || m.read != int64(test.read) || m.over != test.over {
			t.Errorf("%+v: read %d, counted %d, over %v, %v", test, len(text), m.read, m.over, err)
		}
	}
}

func TestMediaType(t *testing.T) {
	for header, want := range map[string]string{
		"":                         "",
		"text/html":                "text/html",
		"Text/HTML; charset=UTF-8": "text/html",
		"text/html;;charset":       "text/html",
		" text/html ; a=b; a=c":    "text/html",
	} {
		if got := mediaType(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

func TestFailureOf(t *testing.T) {
	get := func(err error) error { return &url.Error{Op: "Get", URL: "http://h/", Err: err} }
	system := func(errno syscall.Errno) error {
		return &stdnet.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", errno)}
	}
	for _, test := range []struct {
		err   error
		want  string
		retry bool
	}{
		{nil, "", false},
		{context.DeadlineExceeded, "timeout", true},
		{get(fmt.Errorf("waiting: %w", context.DeadlineExceeded)), "timeout", true},
		{get(io.EOF), "connection broken", true},
		{io.ErrUnexpectedEOF, "connection broken", true},
		{get(system(syscall.ECONNRESET)), "connection broken", true},
		{get(system(syscall.EPIPE)), "connection broken", true},
		{get(system(syscall.ECONNREFUSED)), "connection refused", false},
		{get(&stdnet.DNSError{Err: "no such host", Name: "h", IsNotFound: true}), "no such host", false},
		{get(errors.New("gzip: invalid header")), "gzip: invalid header", false},
		{errors.New("other"), "other", false},
	} {
		if got := failureOf(test.err); got != test.want || worthRetrying(got) != test.retry {
			t.Errorf("%v: %q", test.err, got)
		}
	}
}

func TestProblem(t *testing.T) {
	for want, p := range map[string]*page{
		"":              {answer: answer{status: 200}},
		"404 Not Found": {answer: answer{status: 404}},
		"599":           {answer: answer{status: 599}},
		"timeout":       {failure: "timeout", answer: answer{status: 200}},
	} {
		if got := p.problem(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
