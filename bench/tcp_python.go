//go:build linux

package main

func init() {
	tcpArea.peers = append(tcpArea.peers, pythons("echo", "gevent", "asyncio", "asyncio+uvloop", "trio")...)
}
