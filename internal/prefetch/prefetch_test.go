package prefetch_test

import (
	"testing"
	"unsafe"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/internal/prefetch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Whatever the address, nothing happens.
func TestFetchIsHarmless(t *testing.T) {
	var memory [256]byte
	all := []prefetch.Stretch{
		{At: uintptr(unsafe.Pointer(&memory)), Lines: 4},
		{At: 0, Lines: 1},
		{At: ^uintptr(0), Lines: 3},
		{At: 1 << 20, Lines: 0},
		{At: 12345, Lines: 100},
	}
	for n := 1; n <= len(all); n++ {
		prefetch.Fetch(&all[0], n)
	}
	if memory != [256]byte{} || all[4] != (prefetch.Stretch{At: 12345, Lines: 100}) {
		t.Error("a prefetch changed something")
	}
}
