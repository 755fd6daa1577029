package net_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/evergreen-go/evergreen/net"
)

// Without a Dial of the user the own resolver asks the server of resolv.conf by our own
// sockets: by UDP, and by TCP where the answer was cut off.
func TestOwnResolverUsesOwnSockets(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]bool{}
	serveNamesAt(t, "127.0.0.77:53", func(network string, m *dnsmessage.Message) [][]byte {
		mu.Lock()
		asked[network+" "+askedName(m)] = true
		mu.Unlock()
		if network == "udp" && strings.HasPrefix(askedName(m), "long.") {
			m.Truncated = true
			return [][]byte{packMessage(m)}
		}
		addRecord(m, "", "192.0.2.7")
		return [][]byte{packMessage(m)}
	})
	dir := t.TempDir()
	conf, hosts := filepath.Join(dir, "resolv.conf"), filepath.Join(dir, "hosts")
	must(t, os.WriteFile(conf, []byte("nameserver 127.0.0.77\n"), 0o600))
	must(t, os.WriteFile(hosts, nil, 0o600))
	run(t, func() {
		r := &net.Resolver{PreferGo: true}
		r.UseFiles(conf, hosts, time.Now)
		for _, name := range []string{"short.test.", "long.test."} {
			all, err := r.LookupHost(context.Background(), name)
			if err != nil || !slices.Equal(all, []string{"192.0.2.7"}) {
				t.Errorf("%s is at %v, %v", name, all, err)
			}
		}
	})
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"udp short.test.", "udp long.test.", "tcp long.test."} {
		if !asked[want] {
			t.Errorf("the server was not asked by %s", want)
		}
	}
	if asked["tcp short.test."] {
		t.Error("TCP was used where the answer fitted into a datagram")
	}
}
