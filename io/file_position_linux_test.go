package io

import (
	"os"
	"path/filepath"
	"testing"
)

// The position has a lock in the system, which a call that waits for the disk holds. So
// while one is under way the loop itself reads at given offsets only.
func TestPositionIsNotAskedForWhileOthersHaveIt(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	std, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	f := NewOSFile(std)
	defer std.Close()
	try := func(kind fileKind) bool {
		o := fileOps.Get().(*fileOp)
		defer o.put()
		o.file, o.kind, o.p, o.at = f, kind, make([]byte, 2), 0
		return o.cached()
	}
	if !try(fileReadAt) {
		t.Skip("the file system of the test's folder cannot read from memory alone")
	}
	if !try(fileRead) {
		t.Error("a Read that is alone was refused")
	}
	f.busy.Add(1)
	if try(fileRead) || !try(fileReadAt) {
		t.Error("beside another call Read was let through, or ReadAt was not")
	}
}
