// Package tls is the standard library's package crypto/tls for tasks: the same names
// and the same behaviour, except that what waits lets the other tasks of the loop go
// on. The protocol itself is crypto/tls.
//
//	conn, err := tls.Dial("tcp", "example.org:443", nil)
//
// A crypto/tls connection guards itself with locks of the standard library. A task that
// waits for the network inside one holds them, and a second task that runs into them
// stops its loop for good. Here crypto/tls works on buffers in memory, and all waiting
// is done around it: no task ever waits, is killed or is cancelled inside it.
//
// # Rules
//
//   - Dial and Listen are called in a task. A [Conn] may be used from any goroutine and
//     by many at a time; one reads and one writes, the others wait their turn.
//   - Reading, writing, dialing and shaking hands are checkpoints. A Read or a Write that
//     was interrupted, by a deadline or a cancellation or even a kill, leaves a
//     connection that others can go on using. A handshake that was interrupted does not.
//   - Handshakes are computed on plain goroutines, one for each, so a costly one does not
//     hold up the loop. The callbacks of a [Config] run there too: they may wait natively,
//     and reach a loop by Loop.Do. Two things run elsewhere: the ClientSessionCache may be
//     told of a new ticket in a Read, and whatever Rand and Time are set to is called by
//     everybody. They must not wait.
//   - The connection that callbacks find in a ClientHelloInfo is a stand-in with the
//     addresses of the real one, which its method NetConn returns.
//   - A Conn over a connection of the standard library waits natively, like that one.
package tls
