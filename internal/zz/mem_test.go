package zz

import (
	gort "runtime"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

func mem() uint64 {
	gort.GC()
	gort.GC()
	var m gort.MemStats
	gort.ReadMemStats(&m)
	println("heapalloc", m.HeapAlloc/N, "heapinuse", m.HeapInuse/N, "stack", m.StackInuse/N, "objs", m.HeapObjects/N)
	return m.HeapInuse + m.StackInuse + m.OtherSys*0
}
func sys() uint64 {
	var m gort.MemStats
	gort.ReadMemStats(&m)
	return m.Sys
}

const N = 300000

func TestMemTask(t *testing.T) {
	b, s := mem(), sys()
	runtime.Run(func() {
		me := task.Current()
		for range N {
			task.Go(func() { me.Join() })
		}
		task.Yield()
		task.Sleep(time.Millisecond)
		st := runtime.Current().Stats()
		t.Log(st)
		t.Log("inuse/task", (mem()-b)/N, "sys/task", (sys()-s)/N)
	})
}
func TestMemGo(t *testing.T) {
	b, s := mem(), sys()
	c := make(chan int)
	for range N {
		go func() { <-c }()
	}
	for range 100 {
		gort.Gosched()
	}
	time.Sleep(time.Second)
	t.Log("inuse/goroutine", (mem()-b)/N, "sys/goroutine", (sys()-s)/N)
	close(c)
}
