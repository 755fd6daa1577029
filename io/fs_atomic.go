package io

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	stdruntime "runtime"
	"strings"

	"github.com/evergreen-go/evergreen/timeout"
)

// WriteFileAtomic writes a file as a whole: whoever opens the name finds the old
// contents or the new ones, never a part, whatever fails and however the task, the
// program or the machine ends meanwhile. The new file has the mode perm as it stands;
// a symbolic link of that name is replaced, not followed.
//
// It writes a temporary file beside the other, whose name begins with a dot and ends in
// ".tmp", has the system write that to the disk, gives it the name, and has the folder
// written to the disk. It is a checkpoint. If it fails, or the task is cancelled before
// the file has its name, the temporary file is removed and the old one untouched; after
// that a cancellation is seen at the next checkpoint. Only a program that is ended
// without warning can leave a temporary file.
func WriteFileAtomic(name string, data []byte, perm fs.FileMode) error {
	return ReplaceFile(name, perm, func(f *File) error {
		for len(data) > 0 { // in pieces, so that a cancellation is felt
			n, err := f.Write(data[:min(len(data), pieceSize)])
			if err != nil {
				return err
			}
			data = data[n:]
		}
		return nil
	})
}

// ReplaceFile is [WriteFileAtomic] with what write writes to the file. If write fails,
// panics or is killed, the old file stays. It is a checkpoint.
func ReplaceFile(name string, perm fs.FileMode, write func(*File) error) error {
	dir, base := filepath.Split(name)
	if dir == "" {
		dir = "."
	}
	f, err := CreateTemp(dir, "."+shortened(base)+".*.tmp")
	if err != nil {
		return err
	}
	placed := false
	defer func() {
		if !placed {
			discard(f)
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(perm); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := Rename(f.Name(), name); err != nil {
		return err
	}
	placed = true
	return shielded(func() error { return syncDir(dir) })
}

// shortened leaves room for what a temporary file's name has around that of the other:
// systems allow 255 bytes in all.
func shortened(base string) string {
	return strings.ToValidUTF8(base[:min(len(base), 200)], "") // no half character
}

// discard closes and removes a file, in a task that is killed too.
func discard(f *File) {
	removed := false
	defer func() { // also where the grace of the loop is over, and Close is left at once
		if !removed {
			go os.Remove(f.Name())
		}
	}()
	_ = f.Close() // it may be closed already
	_ = shielded(func() error {
		err := Remove(f.Name())
		removed = err == nil || errors.Is(err, fs.ErrNotExist)
		return err
	})
}

// shielded runs f so that it is not cancelled, where a task calls.
func shielded(f func() error) (err error) {
	if (fileCall{}).task() == nil {
		return f()
	}
	timeout.Shield(func() { err = f() })
	return err
}

// syncDir has the system write a folder to the disk, without which a rename may be
// lost with the machine's power. Windows has no such call.
func syncDir(dir string) error {
	if stdruntime.GOOS == "windows" {
		return nil
	}
	d, err := Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}
