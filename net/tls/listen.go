//go:build unix

package tls

import (
	"errors"

	"github.com/evergreen-go/evergreen/net"
)

// listener takes connections and puts TLS on them.
type listener struct {
	net.Listener
	config *Config
}

// Listen takes TLS connections at an address, see [net.Listen]. config must have a
// certificate, or a GetCertificate or GetConfigForClient. It is a checkpoint.
func Listen(network, laddr string, config *Config) (net.Listener, error) {
	if config == nil || len(config.Certificates) == 0 && config.GetCertificate == nil && config.GetConfigForClient == nil {
		return nil, errors.New("tls: a server needs a certificate: set Certificates, GetCertificate or GetConfigForClient in the Config")
	}
	l, err := net.Listen(network, laddr)
	if err != nil {
		return nil, err
	}
	return NewListener(l, config), nil
}

// NewListener makes a listener whose connections are those of inner with TLS on them,
// each a [*Conn]. Accept does not make the handshake: the task that serves the
// connection does. It is not a checkpoint.
func NewListener(inner net.Listener, config *Config) net.Listener {
	return &listener{inner, config}
}

// Accept waits for a connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return Server(c, l.config), nil
}
