package io

import (
	"io/fs"
	"os"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Stat says what the file is. It is a checkpoint.
func (f *File) Stat() (fs.FileInfo, error) {
	return look(f.call("File.Stat", "stat"), f.OS().Stat, nil)
}

// call names a call on the file.
func (f *File) call(name, op string) fileCall {
	if f == nil {
		return fileCall{name, op, ""}
	}
	return fileCall{name, op, f.f.Name()}
}

// Chmod changes the file's mode. It is a checkpoint.
func (f *File) Chmod(mode fs.FileMode) error {
	return alter(f.call("File.Chmod", "chmod"), func() error { return f.OS().Chmod(mode) })
}

// Chown changes whose file it is. It is a checkpoint.
func (f *File) Chown(uid, gid int) error {
	return alter(f.call("File.Chown", "chown"), func() error { return f.OS().Chown(uid, gid) })
}

// Chdir makes the file, which has to be a folder, the current one of the process. It
// is a checkpoint.
func (f *File) Chdir() error {
	return alter(f.call("File.Chdir", "chdir"), func() error { return f.OS().Chdir() })
}

// ReadDir reads the next n entries of a folder, or with n <= 0 all that are left, see
// os.File.ReadDir. It is a checkpoint.
func (f *File) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, err := change(f.call("File.ReadDir", "readdir"), func() ([]fs.DirEntry, error) { return f.OS().ReadDir(n) }, nil)
	return cooperative(entries), err
}

// Readdir is [File.ReadDir] with what Stat says of each entry. It is a checkpoint.
func (f *File) Readdir(n int) ([]fs.FileInfo, error) {
	return change(f.call("File.Readdir", "readdir"), func() ([]fs.FileInfo, error) { return f.OS().Readdir(n) }, nil)
}

// Readdirnames is [File.ReadDir] for the names alone. It is a checkpoint.
func (f *File) Readdirnames(n int) ([]string, error) {
	return change(f.call("File.Readdirnames", "readdir"), func() ([]string, error) { return f.OS().Readdirnames(n) }, nil)
}

// dirEntry is an entry of a folder whose Info, which asks the disk, waits
// cooperatively.
type dirEntry struct{ fs.DirEntry }

// cooperative makes the entries of package os ours, in place.
func cooperative(entries []fs.DirEntry) []fs.DirEntry {
	for i := range entries {
		entries[i] = &dirEntry{entries[i]}
	}
	return entries
}

// Info says what the entry is now. It is a checkpoint.
func (e *dirEntry) Info() (fs.FileInfo, error) {
	return look(fileCall{"DirEntry.Info", "lstat", e.Name()}, e.DirEntry.Info, nil)
}

func (e *dirEntry) String() string { return fs.FormatDirEntry(e) }

var _ fs.ReadDirFile = (*File)(nil)

// Open opens a file for reading. It is a checkpoint. When the task is cancelled
// meanwhile the call is abandoned, and the file closed again if that call opens it
// after all: the open of a named pipe waits until somebody writes to it.
func Open(name string) (*File, error) { return openFile("io.Open", name, os.O_RDONLY, 0) }

// Create makes a file, or empties the one there is, for reading and writing. It is a
// checkpoint, like [OpenFile].
func Create(name string) (*File, error) {
	return openFile("io.Create", name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

// OpenFile opens a file with flags like os.O_APPEND, see os.OpenFile. It is a
// checkpoint, like [Open]. With os.O_CREATE or os.O_TRUNC it changes something, and
// where the task is cancelled it is waited for: the file is returned, and the
// cancellation is seen at the next checkpoint.
func OpenFile(name string, flag int, perm fs.FileMode) (*File, error) {
	return openFile("io.OpenFile", name, flag, perm)
}

func openFile(call, name string, flag int, perm fs.FileMode) (*File, error) {
	c := fileCall{call, "open", name}
	open := func() (*os.File, error) { return os.OpenFile(name, flag, perm) }
	if flag&(os.O_CREATE|os.O_TRUNC) != 0 {
		f, err := change(c, open, closeLate)
		return NewOSFile(f), err
	}
	f, err := look(c, open, closeLate)
	return NewOSFile(f), err
}

// closeLate closes what an abandoned call has opened, on its plain goroutine.
func closeLate(f *os.File) { _ = f.Close() }

// removeLate removes what an abandoned call has made, of which nobody has the name.
func removeLate(f *os.File) {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// CreateTemp makes a new file in the folder dir ("" for the system's), whose name has
// a random string in the place of the last star of the pattern, see os.CreateTemp. The
// caller removes it. It is a checkpoint. If the task is cancelled meanwhile, the file
// is returned all the same and the cancellation is seen at the next checkpoint.
func CreateTemp(dir, pattern string) (*File, error) {
	f, err := change(fileCall{"io.CreateTemp", "open", pattern}, func() (*os.File, error) { return os.CreateTemp(dir, pattern) }, removeLate)
	return NewOSFile(f), err
}

// MkdirTemp makes a new folder as [CreateTemp] does a file, see os.MkdirTemp. It is a
// checkpoint.
func MkdirTemp(dir, pattern string) (string, error) {
	return change(fileCall{"io.MkdirTemp", "mkdir", pattern}, func() (string, error) { return os.MkdirTemp(dir, pattern) },
		func(name string) { _ = os.Remove(name) })
}

var _ kernel.Hurrier = (*fileOp)(nil)
