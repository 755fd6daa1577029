// Package accept is what every accept loop of this module has to know about errors:
// which of them pass, how long to wait until one has, and which listeners must not
// be waited for at all. It waits for nothing and knows no task, so that the servers
// of net and of net/http can share it and its tests need no loop.
package accept
