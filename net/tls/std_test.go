package tls_test

import (
	"testing"

	"github.com/evergreen-go/evergreen/internal/exported"
)

// Every exported name of crypto/tls exists here, with the same signature and the same
// methods and fields, so that changing an import path is enough.
func TestEveryStandardNameExists(t *testing.T) {
	both, err := exported.Types("crypto/tls", "github.com/evergreen-go/evergreen/net/tls")
	if err != nil {
		t.Fatal(err)
	}
	n, complaints := exported.Compare(both[0], both[1], nil)
	if n < 100 {
		t.Errorf("crypto/tls has %d names only: was it read?", n)
	}
	for _, c := range complaints {
		t.Error(c)
	}
}
