package task_test

import (
	"errors"
	"testing"

	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// Whoever is cancelled when: the group's children have all ended when Wait is over,
// the group inside of it too, and nothing is left.
//
// holds: 42, 48, 49
func TestGroupsUnderCancelEverywhere(t *testing.T) {
	for name, fails := range map[string]bool{"all well": false, "one fails": true} {
		t.Run(name, func(t *testing.T) {
			tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
				begun, ended := 0, 0
				child := func(f func()) func() error {
					return func() error {
						begun++
						defer func() { ended++ }()
						f()
						if fails {
							return errChild
						}
						return nil
					}
				}
				s.Go(func() {
					defer func() {
						if begun != ended {
							t.Errorf("%d children have begun and %d ended when the one who waits is done", begun, ended)
						}
					}()
					g := task.NewGroup()
					defer func() { timeout.Shield(func() { g.Cancel(); _ = g.Wait() }) }()
					g.Go(child(task.Yield))
					g.Go(child(func() {
						inner := task.NewGroup()
						inner.SetLimit(1)
						inner.Go(child(task.Yield))
						inner.Go(child(func() { task.Sleep(long) }))
						_ = inner.Wait()
					}))
					_ = g.Wait()
				})
			})
		})
	}
}

// A join is cut short by a cancellation of the one who joins, and of nobody else.
//
// holds: 2, 10
func TestJoinsUnderCancelEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		slow := task.Go(func() { task.Sleep(long) })
		for range 2 {
			s.Go(func() { _ = slow.Join() })
		}
		s.Go(func() { _ = slow.JoinTimeout(2 * long) })
		s.After(func() {
			if err := slow.Join(); err != nil {
				t.Errorf("the task that was joined ended with %v", err)
			}
		})
	})
}

// Offloaded functions are abandoned or waited for, and their places come back.
//
// holds: 92
func TestOffloadsUnderCancelEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		for range 2 {
			s.Go(func() {
				for range 2 {
					if n, err := task.Offload(func() (int, error) { return 42, nil }); err == nil && n != 42 {
						t.Errorf("Offload returned %d", n)
					}
				}
			})
		}
	})
}

// The first error wins under all schedules, and no child is left out.
//
// holds: 48
func TestGroupUnderAllSchedules(t *testing.T) {
	tasktest.Explore(t, tasktest.Options{Seeds: 10_000}, func() {
		g, ended := task.NewGroup(), 0
		for i := range 3 {
			g.Go(func() error {
				defer func() { ended++ }()
				for range 3 {
					task.Yield()
				}
				if i == 1 {
					return errChild
				}
				task.Sleep(long)
				return nil
			})
		}
		err := g.Wait()
		var ge *task.GroupError
		if !errors.As(err, &ge) || len(ge.Errors) != 1 || !errors.Is(err, errChild) || ended != 3 {
			t.Errorf("Wait returned %v, %d of 3 ended", err, ended)
		}
	})
}
