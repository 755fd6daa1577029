package goroutine

import (
	"sync"
	"sync/atomic"
)

// Table maps the IDs of living goroutines to values. Get never locks and may run
// on any goroutine; Put and Delete lock, and are meant for the rare moments when
// a goroutine is made or ended. The zero Table is empty and ready.
//
// It is an open hash table with linear probing. A reader looks up its own
// goroutine only, and that entry was written before and is removed after all of
// its look-ups; so a reader on an old copy of the table, made stale by a
// concurrent growth, still finds the right answer in it.
type Table[V any] struct {
	slots atomic.Pointer[slots[V]] // nil until the first Put

	mu   sync.Mutex // guards everything below, and every write to slots
	live int        // entries that hold a goroutine
	used int        // live entries and tombstones: what makes probes long
}

type slots[V any] struct {
	shift uint // 64 minus the log of the length: the hash's top bits are the index
	entry []entry[V]
}

type entry[V any] struct {
	key   atomic.Uint64 // an ID, or free, or tombstone
	value atomic.Pointer[V]
}

const (
	free      = 0 // never used: a probe ends here
	tombstone = 1 // deleted: a probe goes on. No goroutine has this ID.
	minLog    = 6 // the smallest table has 64 entries
)

// The portable ID counts goroutines from 1, so IDs are shifted out of the way of
// tombstone before they are stored.
func keyOf(id uint64) uint64 { return id + 2 }

func newSlots[V any](log uint) *slots[V] {
	return &slots[V]{shift: 64 - log, entry: make([]entry[V], 1<<log)}
}

// index spreads keys by Fibonacci hashing: goroutine records lie at a regular
// stride in memory, and the multiplication breaks the regularity up.
func (s *slots[V]) index(key uint64) int {
	return int(key * 0x9E3779B97F4A7C15 >> s.shift)
}

// Get returns the value put for id, or nil.
func (t *Table[V]) Get(id uint64) *V {
	s := t.slots.Load()
	if s == nil {
		return nil
	}
	key := keyOf(id)
	for i := s.index(key); ; i++ {
		e := &s.entry[i&(len(s.entry)-1)]
		switch e.key.Load() {
		case key:
			return e.value.Load()
		case free:
			return nil
		}
	}
}

// Put enters v for id. The goroutine must not be in the table yet.
func (t *Table[V]) Put(id uint64, v *V) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.slots.Load()
	if s == nil || (t.used+1)*4 > len(s.entry)*3 {
		s = t.rebuild()
	}
	t.insert(s, keyOf(id), v)
	t.live++
}

// insert stores the value before the key: a reader that sees the key must find
// the value.
func (t *Table[V]) insert(s *slots[V], key uint64, v *V) {
	for i := s.index(key); ; i++ {
		e := &s.entry[i&(len(s.entry)-1)]
		k := e.key.Load()
		if k != free && k != tombstone {
			continue
		}
		e.value.Store(v)
		e.key.Store(key)
		if k == free {
			t.used++
		}
		return
	}
}

// Delete forgets id, if it is there.
func (t *Table[V]) Delete(id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.slots.Load()
	if s == nil {
		return
	}
	key := keyOf(id)
	for i := s.index(key); ; i++ {
		e := &s.entry[i&(len(s.entry)-1)]
		switch e.key.Load() {
		case free:
			return
		case key:
			t.live--
			e.value.Store(nil)
			// Where the probe would end at the next entry anyway, no tombstone is
			// needed; this keeps a table with much coming and going clean.
			if s.entry[(i+1)&(len(s.entry)-1)].key.Load() == free {
				e.key.Store(free)
				t.used--
			} else {
				e.key.Store(tombstone)
			}
			return
		}
	}
}

// rebuild copies the living entries into a table that is at most half full, be it
// larger than the old one or smaller, and publishes it.
func (t *Table[V]) rebuild() *slots[V] {
	log := uint(minLog)
	for (t.live+1)*2 > 1<<log {
		log++
	}
	fresh := newSlots[V](log)
	t.used = 0
	if old := t.slots.Load(); old != nil {
		for i := range old.entry {
			e := &old.entry[i]
			if k := e.key.Load(); k != free && k != tombstone {
				t.insert(fresh, k, e.value.Load())
			}
		}
	}
	t.slots.Store(fresh)
	return fresh
}

// Len returns how many goroutines are in the table.
func (t *Table[V]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.live
}
