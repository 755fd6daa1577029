// Package proof holds tests that need more than the library may require: histories
// of its queues and channels are checked for linearizability by porcupine
// (github.com/anishathalye/porcupine; the check is that of Wing and Gong with Lowe's
// improvements).
//
// A history is linearizable if each operation could have taken effect at one moment
// between its call and its return, one after the other, in a way that the plain
// sequential queue allows. The model here is that sequential queue and nothing else,
// so that it can be seen to be right.
package proof
