// Package net is the standard library's package net for tasks: the same names and
// the same behaviour, except that what waits lets the other tasks of the loop go
// on.
//
//	l, err := net.Listen("tcp", "127.0.0.1:7000")
//	if err != nil {
//		return err
//	}
//	for {
//		conn, err := l.Accept()
//		if err != nil {
//			return err
//		}
//		task.Go(func() {
//			defer conn.Close()
//			io.Copy(conn, conn)
//		})
//	}
//
// A program is ported by changing the import path. Types that only describe
// something (IP, TCPAddr, OpError) are the standard library's own; connections
// and listeners implement its interfaces, so its other packages and those of
// others work over them: net/http, crypto/tls, database drivers.
//
// # Rules
//
//   - Dial and Listen are called in a task, and what they return belongs to the
//     task's loop. Any goroutine may use it: a call from elsewhere is carried to the
//     loop and made there, while the caller waits.
//   - Reading, writing, accepting, dialing and looking up names are checkpoints.
//     When the task is killed, or the time of a timeout.Run around it is up, a call
//     that waits ends; it returns the number of bytes that were transferred and an
//     [*OpError] that wraps the error of the block.
//   - One task reads and one writes at a time. A second reader waits its turn, as
//     does a second writer; writes do not interleave.
//   - Two tasks may use one TLS connection at once if it is one of package net/tls. One
//     of crypto/tls holds a lock of the standard library while it shakes hands, and a
//     second task that runs into it stops the loop for good: call its Handshake first.
//   - Close wakes everybody who waits for the connection, with [ErrClosed].
//   - When a run of the loop ends, its connections are of no use: calls return
//     [ErrClosed] until the loop runs again. When the loop is closed, as runtime.Run
//     does at its end, connections and listeners that are left open are closed.
//
// # Differences
//
// Every exported name of the standard package is here with the same signature, which a
// test checks. What a program can notice:
//
//   - What makes a socket, and Pipe, is called in a task. It panics elsewhere, with
//     advice: runtime.Run makes a loop with a first task, and its Loop's Do calls a
//     function as a task from any goroutine.
//   - Listeners take no MPTCP unless a [ListenConfig] asks for it.
//   - A [TCPConn] that is given a regular file reads the disk while the loop stands
//     still, a mebibyte at most at a time, as all of package os does.
//
// What there is besides: [Server], which runs a handler for each connection, with a
// limit, a graceful end and statistics; [ReusePort], by which several loops or
// processes listen at one port; and [Resolver.CacheFor].
package net
