// Package http is the standard library's package net/http for tasks: an HTTP/1.1
// client and server with the standard types, except that what waits lets the other
// tasks of the loop go on.
//
//	err := runtime.Run(func() {
//		resp, err := http.Get("https://example.org/")
//		if err != nil {
//			log.Fatal(err)
//		}
//		defer resp.Body.Close()
//		io.Copy(os.Stdout, resp.Body)
//	})
//
// A program is ported by changing the import path. Request, Response, Header,
// Handler, ServeMux and all else that does not wait are the standard library's own,
// under the same names; handlers and middleware written for it run unchanged. What
// this package has of its own is [Server], [Transport], [Client] and
// [TimeoutHandler].
//
// # Client
//
// [Get] and its like, [DefaultClient] and a [Client] without a Transport use
// [DefaultTransport], in whatever loop they are called. A [Transport] keeps
// connections for each loop apart; they are closed when the loop's run ends.
//
//   - Waiting for a connection, dialing, sending, and reading a response and its
//     body are checkpoints. A request ends when the task is killed, when the time of
//     a timeout.Run around it is up, and when its context is done. In all cases its
//     connection is closed: one that stands in the middle of a message is never used
//     again. The error wraps that of the block, or is the context's cause.
//   - A request without a body is sent by the task that makes it. A body is sent by
//     a second task, so that a server may answer early. It is read in that task, and
//     has to wait as tasks do; only the body of a request that a plain goroutine
//     makes is read on a plain goroutine.
//   - A request is repeated on another connection if the first may have been closed
//     by the server while it was idle: nothing of the request has left, or nothing of
//     a response has come and the request can be repeated, as in net/http.
//   - A plain goroutine may use the client too, once a task has used its Transport:
//     the request is carried to the loop, and the response's body can be read from
//     anywhere.
//
// # Server
//
// [Server] runs one task for each connection. Handlers run in that task, so that
// between two checkpoints they have the program to themselves and need no locks.
//
//   - A panic in a handler is logged and ends its connection, nothing else; so does
//     a Goexit.
//   - The request's context is done when the handler has returned, when the
//     connection fails or is closed, and when the peer closes it. For the last of
//     these somebody has to read from the connection, so a second task is started
//     for it; but only when a handler asks, by calling the context's Done or Err or
//     by giving it to somebody who does, and when it has read the request's body.
//   - What could be read in two ways is refused with 400, more of it than by
//     net/http: folded header lines, a length beside a transfer encoding, a transfer
//     encoding in HTTP/1.0.
//   - Handlers must not wait natively, on a Go channel or a standard mutex that
//     another task holds: that stops the loop. What has to, runs by task.Offload. It
//     may read the body and write the answer from there.
//
// # What is missing
//
// HTTP/2 in both directions, SOCKS proxies, RegisterProtocol, and httptrace for
// what happens inside a dial. FileServer and its like read files natively, which
// takes as long as the disk takes.
package http
