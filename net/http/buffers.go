package http

import (
	"bufio"
	"io"
	"sync"
)

// Buffers that a connection has only while it needs them. The writer's is larger
// than the 4 kB of net/http: most answers leave in one system call then, and since
// idle connections have none it costs nothing.

const (
	readerSize     = 4 << 10
	writerSize     = 16 << 10
	copyBufferSize = 32 << 10
)

var (
	readers     = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, readerSize) }}
	writers     = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, writerSize) }}
	copyBuffers = sync.Pool{New: func() any { return new([copyBufferSize]byte) }}
)

func getReader(r io.Reader) *bufio.Reader {
	br := readers.Get().(*bufio.Reader)
	br.Reset(r)
	return br
}

func putReader(br *bufio.Reader) {
	br.Reset(nil)
	readers.Put(br)
}

func getWriter(w io.Writer) *bufio.Writer {
	bw := writers.Get().(*bufio.Writer)
	bw.Reset(w)
	return bw
}

func putWriter(bw *bufio.Writer) {
	bw.Reset(nil)
	writers.Put(bw)
}
