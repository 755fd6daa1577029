package timers

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// The usual life of a timer is a timeout that does not happen: added, and removed long before it is
// due, beside others that stay.

func BenchmarkAddRemove(b *testing.B) {
	for _, live := range []int{0, 1000, 100_000} {
		b.Run(fmt.Sprintf("live=%d", live), func(b *testing.B) {
			var h Heap
			others := make([]Timer, live)
			for i := range others {
				h.Add(&others[i], rand.Int64N(int64(time.Hour)))
			}
			var t Timer
			when := int64(time.Minute)
			b.ReportAllocs()
			for b.Loop() {
				when++
				h.Add(&t, when)
				h.Remove(&t)
			}
		})
	}
}

func BenchmarkAddPopDue(b *testing.B) {
	for _, live := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprintf("live=%d", live), func(b *testing.B) {
			var h Heap
			timers := make([]Timer, live)
			for i := range timers {
				h.Add(&timers[i], rand.Int64N(int64(time.Hour)))
			}
			b.ReportAllocs()
			for b.Loop() {
				now, _ := h.Next()
				t := h.PopDue(now)
				h.Add(t, now+rand.Int64N(int64(time.Hour)))
			}
		})
	}
}

// The same with the timers of the Go runtime.
func BenchmarkAfterFuncStop(b *testing.B) {
	for _, live := range []int{0, 1000, 100_000} {
		b.Run(fmt.Sprintf("live=%d", live), func(b *testing.B) {
			others := make([]*time.Timer, live)
			for i := range others {
				others[i] = time.AfterFunc(time.Hour+time.Duration(rand.Int64N(int64(time.Hour))), func() {})
			}
			defer func() {
				for _, t := range others {
					t.Stop()
				}
			}()
			b.ReportAllocs()
			for b.Loop() {
				time.AfterFunc(time.Minute, func() {}).Stop()
			}
		})
	}
}

// The same with one timer of the Go runtime used again and again, which allocates nothing either.
func BenchmarkAfterFuncResetStop(b *testing.B) {
	t := time.AfterFunc(time.Hour, func() {})
	defer t.Stop()
	b.ReportAllocs()
	for b.Loop() {
		t.Reset(time.Minute)
		t.Stop()
	}
}
