//go:build !(arm64 || riscv64 || loong64)

package poller

import "golang.org/x/sys/unix"

var oldWaitCalls = []int{unix.SYS_EPOLL_WAIT, unix.SYS_POLL}
