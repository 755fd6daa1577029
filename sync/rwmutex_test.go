package sync_test

import (
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
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
			"RLocker.Lock": m.RLocker().Lock, "RLocker.Unlock": m.RLocker().Unlock,
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

// rwParked starts f as a task and lets it come to where it waits.
func rwParked(f func()) *task.Task {
	defer tasktest.WaitAllParked()
	return task.Go(f)
}

// Three readers meet inside, which they could not if one kept another out; a writer
// is alone, so two never meet.
func TestRWMutexReadersAreTogetherAndAWriterIsAlone(t *testing.T) {
	explore(t, func() {
		var m sync.RWMutex
		meeting := sync.NewBarrier(3, nil)
		reader := func() {
			m.RLock()
			defer m.RUnlock()
			if _, err := meeting.Wait(); err != nil {
				t.Errorf("the readers did not meet: %v", err)
			}
			if m.TryLock() {
				t.Error("a writer came to the readers")
			}
		}
		joined(reader, reader, reader)
		inside := 0
		writer := func() {
			m.Lock()
			defer m.Unlock()
			if inside++; inside != 1 || m.TryLock() || m.TryRLock() {
				t.Errorf("%d are with the writer", inside-1)
			}
			task.Yield()
			inside--
		}
		joined(writer, writer, writer)
	})
}

func TestRWMutexTryForms(t *testing.T) {
	tasktest.Run(t, func() {
		var m sync.RWMutex
		for _, c := range []struct {
			state        string
			enter, leave func()
			lock, rlock  bool
		}{
			{"free", func() {}, func() {}, true, true},
			{"read", m.RLock, m.RUnlock, false, true},
			{"read by a Locker", m.RLocker().Lock, m.RLocker().Unlock, false, true},
			{"written", m.Lock, m.Unlock, false, false},
			{"tried for reading", func() { m.TryRLock() }, m.RUnlock, false, true},
			{"tried for writing", func() { m.TryLock() }, m.Unlock, false, false},
		} {
			c.enter()
			var lock, rlock bool
			tasktest.MustNotCheckpoint(t, func() {
				if lock = m.TryLock(); lock {
					m.Unlock()
				}
				if rlock = m.TryRLock(); rlock {
					m.RUnlock()
				}
			})
			if lock != c.lock || rlock != c.rlock {
				t.Errorf("%s: TryLock %v, TryRLock %v, want %v, %v", c.state, lock, rlock, c.lock, c.rlock)
			}
			c.leave()
		}
		tasktest.MustCheckpoint(t, func() { m.Lock() })
	})
}

// What is released belongs to the first in line at once, though it has not run yet.
//
// holds: 3, 7, 15
func TestRWMutexIsHandedOverInTheRelease(t *testing.T) {
	tasktest.Run(t, func() {
		var m sync.RWMutex
		got := ""
		m.RLock()
		writer := rwParked(func() { m.Lock(); got += "W"; m.Unlock() })
		reader := rwParked(func() { m.RLock(); got += "r" })
		tasktest.MustNotCheckpoint(t, m.RUnlock)
		if got != "" || m.TryLock() || m.TryRLock() {
			t.Errorf("a passer-by took it, or %q ran within RUnlock", got)
		}
		_, _ = writer.Join(), reader.Join()
		m.RUnlock()

		m.Lock()
		got = ""
		reader = rwParked(func() { m.RLock(); got += "r"; m.RUnlock() })
		tasktest.MustNotCheckpoint(t, m.Unlock)
		if got != "" || m.TryLock() {
			t.Errorf("a writer passed by the reader, or %q ran within Unlock", got)
		}
		_ = reader.Join()
		if !m.TryLock() {
			t.Error("the lock is not free in the end")
		}
	})
}

// rwEnds are the ways by which one who waits can go away: each starts it, and says
// how to end it.
var rwEnds = map[string]func(lock func()) (started *task.Task, end func()){
	"kill": func(lock func()) (*task.Task, func()) {
		w := rwParked(lock)
		return w, w.Kill
	},
	"timeout": func(lock func()) (*task.Task, func()) {
		w := rwParked(func() {
			_ = timeout.Run(time.Second, func() error { lock(); return nil })
		})
		return w, func() { task.Sleep(time.Minute) }
	},
}

// holds: 10, 14
func TestRWMutexReadersBehindACancelledWriterGoOn(t *testing.T) {
	for name, leave := range rwEnds {
		t.Run(name, func(t *testing.T) {
			tasktest.Run(t, func() {
				var m sync.RWMutex
				m.RLock()
				writer, end := leave(func() { m.Lock(); t.Error("the writer got it") })
				inside := 0
				readers := []*task.Task{}
				for range 3 {
					readers = append(readers, rwParked(func() { m.RLock(); inside++; tasktest.WaitAllParked(); m.RUnlock() }))
				}
				if inside != 0 {
					t.Errorf("%d readers overtook the writer", inside)
				}
				end()
				_ = writer.Join()
				for _, r := range readers {
					_ = r.Join()
				}
				if m.RUnlock(); inside != 3 || !m.TryLock() {
					t.Errorf("%d of 3 readers went on", inside)
				}
			})
		})
	}
}

// Who was given the lock and is killed before it runs passes it on.
//
// holds: 13
func TestRWMutexGivenToOneWhoIsKilledGoesOn(t *testing.T) {
	tasktest.Run(t, func() {
		var m sync.RWMutex
		never := func(lock func()) func() {
			return func() { lock(); t.Error("one who was killed got the lock") }
		}
		for _, c := range []struct {
			name  string
			lock  func()
			after func()
		}{
			{"a writer, then a reader", m.Lock, func() { rwPass(m.RLock, m.RUnlock) }},
			{"a writer, then a writer", m.Lock, func() { rwPass(m.Lock, m.Unlock) }},
			{"a reader, then a writer", m.RLock, func() { rwPass(m.Lock, m.Unlock) }},
		} {
			m.Lock()
			given := rwParked(never(c.lock))
			next := rwParked(c.after)
			m.Unlock()
			given.Kill()
			_, _ = given.Join(), next.Join()
			if !m.TryLock() {
				t.Fatalf("%s: the lock was lost", c.name)
			}
			m.Unlock()
		}
	})
}

// holds: 42
func TestRWMutexInACancelledBlock(t *testing.T) {
	tasktest.Run(t, func() {
		var m sync.RWMutex
		for name, lock := range map[string]func(){"Lock": m.Lock, "RLock": m.RLock, "RLocker": m.RLocker().Lock} {
			err := timeout.Run(time.Second, func() error {
				defer func() {
					lock()
					t.Errorf("%s: the lock was taken in a block that is over", name)
				}()
				task.Sleep(long)
				return nil
			})
			if !isTimeout(err, time.Second) || !m.TryLock() {
				t.Fatalf("%s: the block returned %v, or the lock is held by nobody", name, err)
			}
			m.Unlock()
		}
	})
}

// holds: 100
func TestRWMutexDeadlockNamesTheHolder(t *testing.T) {
	for name, lock := range map[string]func(*sync.RWMutex){"Lock": (*sync.RWMutex).Lock, "RLock": (*sync.RWMutex).RLock} {
		err := runtime.Run(func() {
			var m sync.RWMutex
			var never sync.Event
			rwParked(func() { m.Lock(); never.Wait() })
			lock(&m)
		})
		if says := "main waits for a sync.RWMutex, held by task 2"; err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: Run returned %v, want %q", name, err, says)
		}
	}
}

// rwPass takes a lock and gives it back.
func rwPass(lock, unlock func()) {
	lock()
	unlock()
}
