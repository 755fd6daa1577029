package io_test

import (
	"testing"

	"github.com/evergreen-go/evergreen/internal/exported"
)

// stdGaps are the names that differ from those of the standard packages which this one
// takes the place of, with the reason. One that does not differ fails the test.
var stdGaps = map[string]map[string]string{
	"os": {
		"File.SyscallConn": "it is for system calls on the descriptor, which would stop the loop while the disk is busy",
	},
	"os/exec": {
		"Error": "the package has more than programs in it: the name is ExecError",
	},
}

// stdNames are the names of packages that are here in part only.
var stdNames = map[string][]string{
	"os": {
		"Chmod", "Chown", "Chtimes", "Create", "CreateTemp", "File", "Lchown", "Link", "Lstat", "Mkdir", "MkdirAll",
		"MkdirTemp", "Open", "OpenFile", "ReadDir", "ReadFile", "Readlink", "Remove", "RemoveAll", "Rename", "Stat",
		"Symlink", "Truncate", "WriteFile",
	},
	"path/filepath": {"EvalSymlinks", "Glob", "WalkDir"},
}

// Every exported name of the standard package exists here, with the same signature and
// the same methods and fields, and so do those of os/exec and many of os: a program is
// ported by changing import paths, or by writing io where os was.
func TestEveryStandardNameExists(t *testing.T) {
	all, err := exported.Types("github.com/evergreen-go/evergreen/io", "io", "os", "os/exec", "path/filepath")
	must(t, err)
	for _, std := range all[1:] {
		path := std.Path()
		n, complaints := exported.Compare(std, all[0], stdGaps[path], stdNames[path]...)
		if n < len(stdNames[path]) || path == "io" && n < 40 || path == "os/exec" && n < 9 {
			t.Errorf("%s has %d names only: was it read?", path, n)
		}
		for _, c := range complaints {
			t.Errorf("%s: %s", path, c)
		}
	}
}
