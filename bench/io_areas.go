//go:build linux && evergreen_io

package main

import "slices"

// The areas of package io join behind those of connections.
func init() {
	areas = slices.Insert(areas, slices.Index(areas, httpArea), lineArea, pipeArea, processArea, fileArea)
	promises = append(promises, []promise{
		{issue: 5, area: "line", scene: "1,000,000 from memory ", metric: cpuNS, rival: "bufio", limit: 1},
		{issue: 5, area: "line", scene: "1,000,000 over TCP ", metric: cpuNS, rival: "bufio", limit: 1},
		{issue: 5, area: "pipe", scene: "OSPipe", metric: cpuNS, rival: "std", limit: 1},
		{issue: 5, area: "pipe", scene: "in memory", metric: cpuNS, rival: "std", limit: 0.5},
		{issue: 5, area: "process", metric: wallNS, rival: "os/exec", limit: 1.1},
	}...)
}
