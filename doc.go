// Package evergreen is a cooperative green-task runtime for Go: network code that
// looks synchronous, runs cooperatively, and needs no locks.
//
// This package is empty; the parts are in the packages below it, bottom up:
//
//	runtime    the event loop: Run, callbacks, timers, descriptors, signals
//	timeout    time limits and shields over a block of code
//	task       tasks: Go, Sleep, Join, Kill, Offload
//	net        the standard net for tasks
//	net/http   an HTTP client transport and server for tasks
//
// Start with package task, and with the programs in the folder examples.
package evergreen
