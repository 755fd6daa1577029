package net_test

import (
	"testing"

	"github.com/evergreen-go/evergreen/internal/exported"
)

// Every exported name of the standard package exists here, with the same signature and
// the same methods and fields, so that changing an import path is enough.
func TestEveryStandardNameExists(t *testing.T) {
	both, err := exported.Types("net", "github.com/evergreen-go/evergreen/net")
	must(t, err)
	n, complaints := exported.Compare(both[0], both[1], nil)
	if n < 100 {
		t.Errorf("the standard package has %d names only: was it read?", n)
	}
	for _, c := range complaints {
		t.Error(c)
	}
}
