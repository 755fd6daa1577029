// Package evergreen is a cooperative green-task runtime for Go: network code that
// looks synchronous, runs cooperatively, and needs no locks.
//
// This package is empty; the parts are in the packages below it, bottom up:
//
//	runtime        the event loop: Run, callbacks, timers, descriptors, signals
//	timeout        time limits and shields over a block of code
//	task           tasks: Go, Sleep, Join, Kill, Offload, Group, Local
//	task/tasktest  tests that find lost wake-ups
//	sync           the standard sync for tasks, semaphores, events, queues
//	channel        channels with Select, timeouts and errors
//	future         results to come, pools of tasks and of threads
//	io             streams, pipes, terminals, files and programs
//	net            the standard net for tasks, and a Server
//	net/tls        crypto/tls for tasks
//	net/http       an HTTP client transport and server for tasks
//
// Start with package task, and with the programs in the folder examples.
package evergreen
