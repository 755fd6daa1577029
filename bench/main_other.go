//go:build !linux

// Bench measures Evergreen beside what a Go program would use otherwise. It needs
// Linux, for processors to be assigned and processor time to be read.
package main

import "log"

func main() { log.Fatal("bench: this program needs Linux") }
