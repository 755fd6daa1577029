package tasktest

import (
	"testing"

	"github.com/evergreen-go/evergreen/task"
)

// Mutex is what [TestMutex] tests.
type Mutex interface {
	// Lock waits until the lock is free and takes it. It is a checkpoint.
	Lock()
	// TryLock takes the lock if it is free. It is not a checkpoint.
	TryLock() bool
	// Unlock frees the lock, or hands it to the first who waits. It is not a
	// checkpoint.
	Unlock()
}

// TestMutex holds a lock to the contract of sync.Mutex: one holder at a time, under
// all schedules; served in order of arrival; handed over inside Unlock; whoever is
// cancelled leaves no trace, at whatever moment. newMutex makes an unlocked one. It
// must not be called in a task, and is not a checkpoint.
func TestMutex(t *testing.T, newMutex func() Mutex) {
	t.Run("OneHolder", func(t *testing.T) {
		Explore(t, Options{}, func() { oneHolder(t, newMutex()) })
	})
	t.Run("InOrder", func(t *testing.T) { Run(t, func() { inOrder(t, newMutex()) }) })
	t.Run("HandedOver", func(t *testing.T) { Run(t, func() { handedOver(t, newMutex()) }) })
	t.Run("Alternating", func(t *testing.T) { Explore(t, Options{}, func() { alternating(t, newMutex()) }) })
	t.Run("CancelEverywhere", func(t *testing.T) {
		CancelEverywhere(t, func(s *Scene) { cancelledLockers(t, s, newMutex()) })
	})
}

// oneHolder has three tasks take the lock three times each.
func oneHolder(t testing.TB, m Mutex) {
	inside, entered := 0, 0
	var tasks []*task.Task
	for range 3 {
		tasks = append(tasks, task.Go(func() {
			for range 3 {
				m.Lock()
				if inside++; inside != 1 {
					t.Errorf("%d tasks hold the lock", inside)
				}
				if m.TryLock() {
					t.Error("TryLock took a lock that is held")
				}
				entered++
				task.Yield()
				inside--
				m.Unlock()
			}
		}))
	}
	joinAll(tasks)
	if entered != 9 {
		t.Errorf("the lock was taken %d times, want 9", entered)
	}
	if !m.TryLock() {
		t.Error("the lock is not free in the end")
	}
	m.Unlock()
}

func joinAll(tasks []*task.Task) {
	for _, t := range tasks {
		_ = t.Join()
	}
}

// inOrder parks tasks one by one at a held lock, and kills one of them.
func inOrder(t testing.TB, m Mutex) {
	m.Lock()
	got := ""
	var tasks []*task.Task
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		tasks = append(tasks, task.Go(func() {
			m.Lock()
			got += name
			m.Unlock()
		}))
		WaitAllParked()
	}
	tasks[2].Kill()
	WaitAllParked()
	m.Unlock()
	joinAll(tasks)
	if got != "abde" {
		t.Errorf("tasks that came as abcde, c killed, were served as %s", got)
	}
}

// handedOver looks who has the lock right after it was released.
func handedOver(t testing.TB, m Mutex) {
	m.Lock()
	ran := false
	next := task.Go(func() {
		m.Lock()
		ran = true
		m.Unlock()
	})
	WaitAllParked()
	m.Unlock()
	if ran {
		t.Error("the next holder ran inside of Unlock")
	}
	if m.TryLock() {
		t.Error("the releaser took the lock before the one who waits for it")
		m.Unlock()
	}
	_ = next.Join()
}

// alternating has two tasks lock and unlock all the time, with a wait inside.
func alternating(t testing.TB, m Mutex) {
	got := ""
	work := func(name string) func() {
		return func() {
			for range 4 {
				m.Lock()
				got += name
				task.Yield()
				task.Yield() // by now the other one waits
				m.Unlock()
			}
		}
	}
	joinAll([]*task.Task{task.Go(work("a")), task.Go(work("b"))})
	if got != "abababab" && got != "babababa" {
		t.Errorf("two tasks took the lock in the order %s", got)
	}
}

// cancelledLockers is three tasks of which one will be cancelled.
func cancelledLockers(t testing.TB, s *Scene, m Mutex) {
	inside := 0
	for range 3 {
		s.Go(func() {
			for range 2 {
				func() {
					m.Lock()
					inside++
					defer func() {
						inside--
						m.Unlock()
					}()
					if inside != 1 {
						t.Errorf("%d tasks hold the lock", inside)
					}
					task.Yield()
				}()
			}
		})
	}
	s.After(func() {
		if !m.TryLock() {
			t.Error("the lock is held by nobody and not free")
			return
		}
		m.Unlock()
	})
}
