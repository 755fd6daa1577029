package sync_test

import (
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// For writing alone it is a Mutex.
//
// holds: 7, 8, 9, 10, 13, 14
func TestRWMutexKeepsTheContractOfAMutex(t *testing.T) {
	tasktest.TestMutex(t, func() tasktest.Mutex { return new(sync.RWMutex) })
}

// rwUse takes the lock n times and checks who else is inside.
func rwUse(t *testing.T, m *sync.RWMutex, readers, writers *int, write bool, n int) {
	lock, unlock, inside := m.RLock, m.RUnlock, readers
	if write {
		lock, unlock, inside = m.Lock, m.Unlock, writers
	}
	for range n {
		func() {
			lock()
			*inside++
			defer func() { *inside--; unlock() }()
			if *writers > 1 || *writers == 1 && *readers > 0 {
				t.Errorf("%d writers and %d readers hold the lock", *writers, *readers)
			}
			task.Yield()
		}()
	}
}

func TestRWMutexUnderManySeeds(t *testing.T) {
	explore(t, func() {
		var m sync.RWMutex
		readers, writers := 0, 0
		use := func(write bool) func() { return func() { rwUse(t, &m, &readers, &writers, write, 3) } }
		joined(use(false), use(true), use(false))
		if !m.TryLock() {
			t.Error("the lock is not free in the end")
		}
	})
}

// holds: 10, 13, 14
func TestRWMutexUnderCancelEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		var m sync.RWMutex
		readers, writers := 0, 0
		for _, write := range []bool{false, true, false, true} {
			s.Go(func() { rwUse(t, &m, &readers, &writers, write, 2) })
		}
		s.After(func() {
			if !m.TryLock() {
				t.Error("the lock is held by nobody and not free")
			}
		})
	})
}

// holds: 9, 14
func TestRWMutexServesInOrder(t *testing.T) {
	tasktest.Run(t, func() {
		var m sync.RWMutex
		got := ""
		user := func(name string, lock, unlock func()) *task.Task {
			defer tasktest.WaitAllParked()
			return task.Go(func() {
				lock()
				got += name
				tasktest.WaitAllParked()
				unlock()
			})
		}
		m.RLock()
		tasks := []*task.Task{user("W", m.Lock, m.Unlock)}
		if m.TryRLock() || m.TryLock() {
			t.Error("a reader overtook the writer who waits")
		}
		tasks = append(tasks, user("r", m.RLock, m.RUnlock), user("r", m.RLocker().Lock, m.RLocker().Unlock),
			user("V", m.Lock, m.Unlock), user("s", m.RLock, m.RUnlock))
		m.RUnlock()
		for _, t := range tasks {
			_ = t.Join()
		}
		if got != "WrrVs" {
			t.Errorf("they were served as %s, want WrrVs", got)
		}
		got = ""
		m.RLock()
		writer, reader := user("W", m.Lock, m.Unlock), user("r", m.RLock, m.RUnlock)
		writer.Kill() // the reader behind it goes on
		_ = reader.Join()
		if got != "r" || !m.TryRLock() {
			t.Errorf("%q were served when the writer in between was killed", got)
		}
	})
}

// holds: 18
func TestRWMutexMisuse(t *testing.T) {
	tasktest.Run(t, func() {
		var m sync.RWMutex
		if text := panicText(m.Unlock); !strings.Contains(text, "not locked for writing") {
			t.Errorf("Unlock said %q", text)
		}
		if text := panicText(m.RUnlock); !strings.Contains(text, "not locked for reading") {
			t.Errorf("RUnlock said %q", text)
		}
		foreign(t, map[string]func(){
			"Lock": m.Lock, "Unlock": m.Unlock, "RLock": m.RLock, "RUnlock": m.RUnlock,
			"TryLock": func() { m.TryLock() }, "TryRLock": func() { m.TryRLock() },
		})
		m.Lock()
		runtime.Current().CallSoon(m.Unlock) // a callback may
		m.RLock()
		tasktest.MustCheckpoint(t, func() { m.RLock() })
	})
	for says, first := range map[string]func(m *sync.RWMutex){
		"a sync.RWMutex that readers have":     (*sync.RWMutex).RLock,
		"main waits for a sync.RWMutex, held ": (*sync.RWMutex).Lock,
	} {
		err := runtime.Run(func() {
			var m sync.RWMutex
			first(&m)
			m.Lock()
		})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("Run returned %v, want %q", err, says)
		}
	}
}
