//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"time"
)

// serveFlag is the argument that makes this program a peer.
const serveFlag = "-serve"

// job is what a peer is told.
type job struct {
	Area, Peer string
	Procs      int           // processors it has
	Aside      bool          // it is the load, and has the load generator's processor
	Size       int           // bytes of a message
	Backend    string        // where a proxy or a client connects to
	Work       string        // of a workload: its name
	Count      int           // of a workload: how many tasks take part
	Length     time.Duration // of a workload
	Delay      time.Duration // of each answer
	Profile    string        // where to write a CPU profile, "" for nowhere
}

func (j job) String() string {
	text, _ := json.Marshal(j)
	return string(text)
}

// buffer is how much a server reads at once.
func (j job) buffer() int { return max(4096, j.Size) }

func isPeer() bool { return len(os.Args) == 3 && os.Args[1] == serveFlag }

// serve is all that a peer's process does.
func serve() error {
	var j job
	if err := json.Unmarshal([]byte(os.Args[2]), &j); err != nil {
		return err
	}
	raiseFiles()
	for _, a := range append(areas[:len(areas):len(areas)], siteArea) {
		if p := a.find(j.Peer); a.name == j.Area && p != nil {
			if j.Profile != "" {
				f, err := os.Create(j.Profile)
				if err != nil {
					return err
				}
				if err := pprof.StartCPUProfile(f); err != nil {
					return err
				}
			}
			if work := p.works[j.Work]; work != nil {
				return perform(j, work)
			}
			go control()
			return p.serve(j, func(addr string) { fmt.Println(addr) })
		}
	}
	return fmt.Errorf("bench: there is no peer %s of %s", j.Peer, j.Area)
}

// answers are what a server can be asked for beside what all can. It fills them before
// it says where it listens.
var answers = map[string]func() string{}

// control does what the load generator asks for on the standard input, and ends the
// process when the generator is gone.
func control() {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		switch in.Text() {
		case "collect":
			// Twice: what a finalizer or a pool kept through the first goes in the second.
			runtime.GC()
			debug.FreeOSMemory()
			fmt.Println(inUse())
		case "finish":
			pprof.StopCPUProfile()
			fmt.Println("done")
		default:
			if f := answers[in.Text()]; f != nil {
				fmt.Println(f())
			}
		}
	}
	os.Exit(0)
}

// inUse is what Go's objects and stacks take, in bytes.
func inUse() uint64 {
	all := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(all)
	return all[0].Value.Uint64() + all[1].Value.Uint64()
}
