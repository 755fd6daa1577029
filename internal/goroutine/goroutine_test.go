package goroutine

import (
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestIDIsStableAndUniqueAmongTheLiving(t *testing.T) {
	const n = 1000
	ids := make([]uint64, n)
	var ready, done sync.WaitGroup
	hold := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ids[i] = ID()
			ready.Done()
			<-hold
			grow(200) // a stack that moves must not change the identity
			if ID() != ids[i] {
				t.Error("the ID of a goroutine changed during its life")
			}
		})
	}
	ready.Wait()
	seen := map[uint64]bool{ID(): true}
	for _, id := range ids {
		if id == 0 || seen[id] {
			t.Fatalf("ID %d is zero or was given twice", id)
		}
		seen[id] = true
	}
	close(hold)
	done.Wait()
}

func grow(n int) byte {
	var pad [512]byte
	if n > 0 {
		pad[n%512] = grow(n - 1)
	}
	return pad[0]
}

//go:noinline
func whereWasICalled() uintptr { return CallerPC() }

func TestCallerPCNamesTheCallSite(t *testing.T) {
	pc := whereWasICalled()
	_, _, line, _ := runtime.Caller(0)
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	if !strings.HasSuffix(frame.Function, "TestCallerPCNamesTheCallSite") || frame.Line != line-1 {
		t.Fatalf("got %s:%d, want this test, line %d", frame.Function, frame.Line, line-1)
	}
}

func TestTableAgreesWithAMap(t *testing.T) {
	var table Table[int]
	naive := map[uint64]*int{}
	rnd := uint64(1)
	for range 50_000 {
		rnd = rnd*6364136223846793005 + 1442695040888963407
		id := rnd>>33%3000 + 1
		if _, ok := naive[id]; ok {
			table.Delete(id)
			delete(naive, id)
		} else {
			v := new(int)
			table.Put(id, v)
			naive[id] = v
		}
		probe := rnd >> 45 % 3000
		if table.Get(probe) != naive[probe] {
			t.Fatalf("Get(%d) differs from the map", probe)
		}
	}
	if table.Len() != len(naive) {
		t.Fatalf("Len is %d, want %d", table.Len(), len(naive))
	}
}

func TestTableShrinksAfterAPeak(t *testing.T) {
	var table Table[int]
	v := new(int)
	for id := range uint64(100_000) {
		table.Put(id+1, v)
	}
	for id := range uint64(100_000) {
		table.Delete(id + 1)
	}
	for range 3 { // coming and going at a low level rebuilds it small
		for id := range uint64(200_000) {
			table.Put(id*977+1, v)
			table.Delete(id*977 + 1)
		}
	}
	if n := len(table.slots.Load().entry); n > 1<<18 {
		t.Fatalf("%d entries for an empty table", n)
	}
}

// A reader must find itself while others come, go and make the table grow.
func TestTableFindsItselfDuringGrowth(t *testing.T) {
	var table Table[int]
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			mine := new(int)
			for range 200 {
				table.Put(ID(), mine)
				for range 50 {
					if table.Get(ID()) != mine {
						t.Error("a goroutine did not find its own entry")
						return
					}
				}
				table.Delete(ID())
				if table.Get(ID()) != nil {
					t.Error("a deleted entry was found")
					return
				}
			}
		})
		_ = i
	}
	wg.Wait()
}

func BenchmarkID(b *testing.B) {
	for b.Loop() {
		ID()
	}
}

func BenchmarkTableGet(b *testing.B) {
	var table Table[int]
	v := new(int)
	for id := range uint64(10_000) {
		table.Put(id<<9+1<<20, v)
	}
	table.Put(ID(), v)
	for b.Loop() {
		if table.Get(ID()) != v {
			b.Fatal("lost")
		}
	}
}
