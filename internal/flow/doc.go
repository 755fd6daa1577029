// Package flow is one direction of a pipe in memory: what one side writes the other
// reads, without a buffer between them. net.Pipe is two of them and io.Pipe one.
package flow
