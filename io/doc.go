// Package io is everything that a task waits for besides the network: streams, pipes,
// terminals, files and processes. It has all names of the standard package io, so that
// a program is ported by changing the import path.
package io
