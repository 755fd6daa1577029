package http

import (
	"bufio"
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// errTooLarge says that a head is longer than the server takes.
var errTooLarge = errors.New("http: request too large")

// readHead reads up to and including the first empty line and returns it all as
// one string, of which the parser cuts its pieces without copying them. The first
// byte must be no line end. What comes behind the head stays in br.
func readHead(br *bufio.Reader, limit int) (string, error) {
	for seen := 0; ; {
		buf, _ := br.Peek(br.Buffered())
		if n := headEnd(buf, seen); n > 0 {
			if n > limit {
				return "", errTooLarge
			}
			head := string(buf[:n])
			_, _ = br.Discard(n)
			return head, nil
		}
		if len(buf) >= limit {
			return "", errTooLarge
		}
		if len(buf) == br.Size() {
			return readLongHead(br, limit)
		}
		seen = max(0, len(buf)-2)
		if _, err := br.Peek(len(buf) + 1); err != nil {
			return "", err
		}
	}
}

// readLongHead is readHead for what does not fit into the reader's buffer.
func readLongHead(br *bufio.Reader, limit int) (string, error) {
	var head []byte
	for {
		if _, err := br.Peek(1); err != nil {
			return "", err
		}
		buf, _ := br.Peek(br.Buffered())
		before := len(head)
		head = append(head, buf...)
		if n := headEnd(head, max(0, before-2)); n > 0 {
			if n > limit {
				return "", errTooLarge
			}
			_, _ = br.Discard(n - before)
			return string(head[:n]), nil
		}
		_, _ = br.Discard(len(buf))
		if len(head) >= limit {
			return "", errTooLarge
		}
	}
}

// headEnd returns the length of the head in buf, 0 if it is not complete. The
// search starts at from. A line may end without a carriage return, as everywhere.
func headEnd(buf []byte, from int) int {
	for i := from; ; {
		j := bytes.IndexByte(buf[i:], '\n')
		if j < 0 {
			return 0
		}
		i += j + 1
		switch {
		case i < len(buf) && buf[i] == '\n':
			return i + 1
		case i+1 < len(buf) && buf[i] == '\r' && buf[i+1] == '\n':
			return i + 2
		}
	}
}

// cutLine cuts the first line off, without its end.
func cutLine(s string) (line, rest string) {
	i := strings.IndexByte(s, '\n')
	if i < 0 {
		return s, ""
	}
	line, rest = s[:i], s[i+1:]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, rest
}

func quote(s string) string { return strconv.Quote(s) }
