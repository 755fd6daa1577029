// Package channel has channels for tasks: what Go's channels are to goroutines.
//
//	c := channel.New[string](0)
//	task.Go(func() {
//		defer c.Close()
//		for _, name := range names {
//			if c.Send(name) != nil {
//				return
//			}
//		}
//	})
//	for name := range c.All() {
//		fmt.Println(name)
//	}
//
// # What is as in Go
//
//   - Values arrive in the order in which they were sent, each at one receiver.
//   - An unbuffered Send returns when its own value was taken. A buffered one waits
//     only while the buffer is full.
//   - Tasks that wait are served in order.
//   - What is in the buffer when the channel is closed still arrives.
//   - A nil channel in a [Select] is never ready.
//
// # What is different
//
//   - Send on a closed channel returns [ErrClosed] rather than panicking, also to
//     those who are waiting in it; so any side may close, and more than once.
//   - An error can be sent in the place of a value, by [Channel.SendError].
//   - Each call comes with a form that never waits (Try) and one that waits at most so
//     long (Timeout).
//   - A sender that is killed or timed out while it waits takes its value along: it
//     never arrives. Where the value was taken first, Send returns nil, and the
//     cancellation is felt at the next checkpoint.
//
// A channel belongs to the tasks of one loop. Calls from elsewhere panic and say
// what to do; sync.SharedQueue is for crossing.
package channel
