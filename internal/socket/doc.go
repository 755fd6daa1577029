// Package socket does input and output on non-blocking descriptors in blocking
// style: an operation is tried, and while the system says "would block" the task
// waits for the descriptor. Packages net and io build their types on it.
//
//	f, err := socket.New(fd, "tcp connection", unix.SOCK_STREAM)
//	n, err := f.Read(p)   // a checkpoint
//
// # Rules
//
//   - System calls on a descriptor are made by the holder of the baton only. A close
//     can therefore never meet a read that is under way in another thread, and no
//     counting of users is needed.
//   - A call from a plain goroutine, or from a task of another loop, is carried to
//     the descriptor's loop and made there by a task of its own, while the caller
//     waits in its own way.
//   - When a task of another loop is cancelled meanwhile, its call is called back and
//     waited for: nothing that it got is lost. Close is made in any case.
//   - One reader and one writer at a time; further ones wait their turn in order.
//     A write is done when all of it is written, so writes do not interleave.
//   - Where a cancellation meets a completed operation the result is returned; the
//     cancellation is seen at the next checkpoint.
package socket
