//go:build linux

package main

import (
	"embed"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// The servers written in Python, see common.py.
//
//go:embed python/*.py
var pythonFiles embed.FS

// python is the system's own, for which Debian packages the rivals. Another may be
// named by EVERGREEN_PYTHON.
func python() string {
	if p := os.Getenv("EVERGREEN_PYTHON"); p != "" {
		return p
	}
	return "/usr/bin/python3"
}

// pythons makes peers of scripts for an area: KIND_gevent.py for gevent, and so on. What
// follows a plus sign is an argument.
func pythons(kind string, names ...string) (peers []peer) {
	for _, name := range names {
		module, extra, _ := strings.Cut(name, "+")
		script := kind + "_" + module + ".py"
		needs := []string{module}
		if extra != "" {
			needs = append(needs, extra)
		}
		peers = append(peers, peer{
			name:    name,
			absent:  sync.OnceValue(func() string { return pythonLacks(needs) }),
			command: func(job) *exec.Cmd { return pythonCommand(script, extra) },
		})
	}
	return peers
}

// pythonLacks says what is missing for scripts that import these modules, "" if nothing is.
func pythonLacks(modules []string) string {
	if _, err := exec.LookPath(python()); err != nil {
		return "there is no " + python()
	}
	for _, m := range modules {
		if err := exec.Command(python(), "-c", "import "+m).Run(); err != nil {
			return fmt.Sprintf("%s has no %s (Debian: python3-%s)", python(), m, m)
		}
	}
	return ""
}

func pythonCommand(script string, args ...string) *exec.Cmd {
	return exec.Command(python(), append([]string{filepath.Join(pythonDir(), script)}, args...)...)
}

// pythonDir is where the scripts are written to, once; it is removed by cleanUp.
var pythonDir = sync.OnceValue(func() string {
	dir := filepath.Join(scratch(), "python")
	if err := os.CopyFS(scratch(), pythonFiles); err != nil {
		log.Fatal(err)
	}
	return dir
})

// scratch is a directory of this run, see cleanUp.
var scratch = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "evergreen-bench-")
	if err != nil {
		log.Fatal(err)
	}
	toRemove = dir
	return dir
})

var toRemove string

// cleanUp removes what this run has written for its peers.
func cleanUp() {
	if toRemove != "" {
		_ = os.RemoveAll(toRemove)
	}
}
