//go:build linux

package main

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestHistogram(t *testing.T) {
	var h histogram
	r := rand.New(rand.NewPCG(1, 2))
	var exact []int64
	for range 100_000 {
		ns := int64(1) << r.IntN(40)
		ns += r.Int64N(ns)
		exact = append(exact, ns)
		h.add(ns)
	}
	slices.Sort(exact)
	for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 0.999, 1} {
		want := float64(exact[int(q*float64(len(exact)-1))]) / 1e3
		if got := h.at(q); got < want*(1-1.0/64)-0.001 || got > want*(1+1.0/64)+0.001 {
			t.Errorf("the quantile %v is %v, want %v", q, got, want)
		}
	}
	for _, v := range []uint64{0, 1, 63, 64, 127, 128, 129, 1 << 40, 1<<63 - 1} {
		if b := bucket(v); v < lowest(b) || v >= lowest(b+1) {
			t.Errorf("%d is in the bucket from %d to %d", v, lowest(b), lowest(b+1))
		}
	}
	h.reset()
	if h.total != 0 || h.at(0.5) != 0 {
		t.Error("reset left something")
	}
}
