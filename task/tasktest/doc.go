// Package tasktest helps to test code that waits.
//
//	func TestHandOver(t *testing.T) {
//		tasktest.Run(t, func() {
//			q := sync.NewQueue[int](1)
//			task.Go(func() { _ = q.Put(42) })
//			if n, err := q.Get(); n != 42 || err != nil {
//				t.Errorf("Get returned %d, %v", n, err)
//			}
//		})
//	}
//
// A test never sleeps to let something happen. It says what it waits for:
// [WaitAllParked] until all others wait, a [Sequencer] for an order of steps across
// tasks, and the virtual clock for times, on which an hour's wait takes none.
//
// # What fails a test
//
// Each function here that runs code as a loop's first task fails its test when the
// code ends in a deadlock (the report says who waits for what), when a task panics,
// and when anything is left behind: a task that still waits when the first has
// returned and nothing else runs, a timer, a descriptor, a place in a queue, an
// offloaded function.
//
// # Looking for trouble
//
//   - [Run] draws the order of the tasks from a seed, a new one each time.
//   - [Explore] runs a scenario under many schedules: first come first served, all
//     orders there are (as far as a limit), many seeds, and PCT.
//   - [CancelEverywhere] runs a scenario over and over, and each time kills, cancels
//     or times out one of its tasks at another moment, until there is no moment left.
//   - [FailEverywhere] does the like with system calls that fail.
//
// Each prints the command that repeats a failure. It sets EVERGREEN_SCHEDULE, which
// says how tasks are chosen:
//
//	fifo        first come first served
//	seed:N      drawn from the seed N
//	pct:N       by random priorities drawn from the seed N
//	trace:0.2.1 the choices themselves, as recorded; further ones are 0
//
// # Contracts
//
// [TestMutex], [TestQueue], [TestChannel] and [TestConn] hold a type of yours to the
// same contract as the types of package sync, channel and net. [Streams] gives a
// connection in memory that can deliver its bytes one at a time.
package tasktest
