package main

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
)

// An edit puts text in the place of other text of one file of the standard library.
type edit struct {
	file     string // below src
	from, to string
}

// edits is where the library itself makes connections. If a text is not in its file
// the library has changed, and the run fails rather than test the standard net
// without anybody's noticing.
var edits = []edit{
	{"net/http/transport.go", "DialContext: defaultTransportDialContext(&net.Dialer{", "DialContext: defaultTransportDialContext(&seam.Dialer{"},
	{"net/http/transport.go", "var zeroDialer net.Dialer", "var zeroDialer seam.Dialer"},
	{"net/http/transport_default_other.go", "dialer *net.Dialer", "dialer *seam.Dialer"},
	{"net/http/server.go", "ln, err := net.Listen(", "ln, err := seam.Listen("},
	{"net/http/socks_bundle.go", "c, err = net.Dial(", "c, err = seam.Dial("},
	{"net/http/socks_bundle.go", "var dd net.Dialer", "var dd seam.Dialer"},
	{"net/http/httptest/server.go", "net.Listen(", "seam.Listen("},
	{"net/http/httptest/server.go", "dialer := net.Dialer{}", "dialer := seam.Dialer{}"},
	{"crypto/tls/tls.go", "l, err := net.Listen(", "l, err := seam.Listen("},
	{"crypto/tls/tls.go", "netDialer.DialContext(", "seam.Of(netDialer).DialContext("},
	// The loop and the goroutines it keeps for tasks outlive every test. A goroutine of
	// net/http that is stuck in a call of ours still counts as a leak, and so does a task.
	{"net/http/main_test.go", `if stack == "" ||`, `if stack == "" || seam.Idle(stack) ||`},
}

// testEdits is done wherever it applies in the test files of the packages.
var testEdits = []edit{
	{from: "net.Listen(", to: "seam.Listen("},
	{from: "net.Dial(", to: "seam.Dial("},
	{from: "net.ListenTCP(", to: "seam.ListenTCP("},
	{from: "net.DialTCP(", to: "seam.DialTCP("},
	{from: " net.Dialer\n", to: " seam.Dialer\n"},
	{from: "*net.TCPConn", to: "*seam.TCPConn"},
	{from: "*net.TCPListener", to: "*seam.TCPListener"},
}

// withSeam imports the seam into an edited file. It goes into the line of the package
// clause, so that the line numbers of failures are those of the library's sources.
func withSeam(name string, text []byte) ([]byte, error) {
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	at := int(file.Name.End() - file.FileStart)
	var b bytes.Buffer
	b.Write(text[:at])
	fmt.Fprintf(&b, "; import seam %q", seamPath)
	b.Write(text[at:])
	for _, spec := range file.Imports {
		if spec.Path.Value == `"net"` && spec.Name == nil {
			b.WriteString("\nvar _ net.Addr // the edits may have taken every other use\n")
		}
	}
	return b.Bytes(), nil
}
