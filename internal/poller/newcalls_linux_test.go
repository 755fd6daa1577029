//go:build arm64 || riscv64 || loong64

package poller

var oldWaitCalls []int
