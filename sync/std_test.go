package sync_test

import (
	stdsync "sync"
	"testing"

	"github.com/evergreen-go/evergreen/internal/exported"
	"github.com/evergreen-go/evergreen/sync"
)

// What is written for the standard package is right for ours: this has to compile.
var (
	_ stdsync.Locker = new(sync.Mutex)
	_ stdsync.Locker = new(sync.RWMutex)
	_ stdsync.Locker = new(sync.RWMutex).RLocker()
	_ sync.Locker    = new(stdsync.Mutex)

	_ interface{ TryLock() bool } = new(sync.Mutex)
	_ interface {
		TryLock() bool
		RLock()
		RUnlock()
		TryRLock() bool
	} = new(sync.RWMutex)
	_ interface {
		Add(int)
		Done()
		Wait()
		Go(func())
	} = new(sync.WaitGroup)
	_ interface{ Do(func()) } = new(sync.Once)
	_ interface {
		Wait()
		Signal()
		Broadcast()
	} = &sync.Cond{L: new(sync.Mutex)}

	_ func(stdsync.Locker) *sync.Cond               = sync.NewCond
	_ func(func()) func()                           = sync.OnceFunc
	_ func(func() int) func() int                   = sync.OnceValue[int]
	_ func(func() (int, error)) func() (int, error) = sync.OnceValues[int, error]

	_ *stdsync.Map  = new(sync.Map)
	_ *stdsync.Pool = &sync.Pool{New: func() any { return nil }}
)

// Every exported name of the standard package exists here, with the same signature and
// the same methods and fields, so that changing an import path is enough.
func TestEveryStandardNameExists(t *testing.T) {
	both, err := exported.Types("sync", "github.com/evergreen-go/evergreen/sync")
	if err != nil {
		t.Fatal(err)
	}
	n, complaints := exported.Compare(both[0], both[1], nil)
	if n < 12 {
		t.Errorf("the standard package has %d names only: was it read?", n)
	}
	for _, c := range complaints {
		t.Error(c)
	}
}
