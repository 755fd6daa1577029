package io

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// The functions of package os about files by their names, and those of path/filepath
// that ask the disk. They have the same signatures and errors.

// ReadFile reads a whole file. It is a checkpoint; a task that is cancelled leaves at
// once, and what is read is dropped.
func ReadFile(name string) ([]byte, error) {
	return look(fileCall{"io.ReadFile", "read", name}, func() ([]byte, error) { return os.ReadFile(name) }, nil)
}

// WriteFile writes a whole file, which it makes with the mode perm if there is none,
// see os.WriteFile. It is a checkpoint. A task that is cancelled waits for the end; a
// failure can leave a part of the data, see [WriteFileAtomic].
func WriteFile(name string, data []byte, perm fs.FileMode) error {
	return alter(fileCall{"io.WriteFile", "write", name}, func() error { return os.WriteFile(name, data, perm) })
}

// Stat says what a file is, following symbolic links. It is a checkpoint.
func Stat(name string) (fs.FileInfo, error) {
	return look(fileCall{"io.Stat", "stat", name}, func() (fs.FileInfo, error) { return os.Stat(name) }, nil)
}

// Lstat says what a file is, also of a symbolic link. It is a checkpoint.
func Lstat(name string) (fs.FileInfo, error) {
	return look(fileCall{"io.Lstat", "lstat", name}, func() (fs.FileInfo, error) { return os.Lstat(name) }, nil)
}

// ReadDir lists a folder, in order of the names. It is a checkpoint, and so is Info of
// the entries.
func ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := look(fileCall{"io.ReadDir", "readdir", name}, func() ([]fs.DirEntry, error) { return os.ReadDir(name) }, nil)
	return cooperative(entries), err
}

// Readlink returns what a symbolic link points to. It is a checkpoint.
func Readlink(name string) (string, error) {
	return look(fileCall{"io.Readlink", "readlink", name}, func() (string, error) { return os.Readlink(name) }, nil)
}

// Glob returns the names of all files that match a pattern, see filepath.Glob. It is a
// checkpoint.
func Glob(pattern string) ([]string, error) {
	return look(fileCall{"io.Glob", "glob", pattern}, func() ([]string, error) { return filepath.Glob(pattern) }, nil)
}

// EvalSymlinks returns the path without symbolic links, see filepath.EvalSymlinks. It
// is a checkpoint.
func EvalSymlinks(path string) (string, error) {
	return look(fileCall{"io.EvalSymlinks", "lstat", path}, func() (string, error) { return filepath.EvalSymlinks(path) }, nil)
}

// The rest changes something. Such a call is waited for once it has begun: what it was
// about to do is done, or has failed, when it returns.

// Mkdir makes a folder. It is a checkpoint.
func Mkdir(name string, perm fs.FileMode) error {
	return alter(fileCall{"io.Mkdir", "mkdir", name}, func() error { return os.Mkdir(name, perm) })
}

// MkdirAll makes a folder and those around it that are missing. It is a checkpoint.
func MkdirAll(path string, perm fs.FileMode) error {
	return alter(fileCall{"io.MkdirAll", "mkdir", path}, func() error { return os.MkdirAll(path, perm) })
}

// Remove removes a file, or a folder that is empty. It is a checkpoint.
func Remove(name string) error {
	return alter(fileCall{"io.Remove", "remove", name}, func() error { return os.Remove(name) })
}

// RemoveAll removes a file, or a folder with all that is in it, and is content if there
// is none. It is a checkpoint.
func RemoveAll(path string) error {
	return alter(fileCall{"io.RemoveAll", "remove", path}, func() error { return os.RemoveAll(path) })
}

// Rename moves a file, in the place of one that has the new name. It is a checkpoint.
func Rename(oldpath, newpath string) error {
	return alter(fileCall{"io.Rename", "rename", oldpath}, func() error { return os.Rename(oldpath, newpath) })
}

// Link makes a further name for a file. It is a checkpoint.
func Link(oldname, newname string) error {
	return alter(fileCall{"io.Link", "link", oldname}, func() error { return os.Link(oldname, newname) })
}

// Symlink makes a symbolic link. It is a checkpoint.
func Symlink(oldname, newname string) error {
	return alter(fileCall{"io.Symlink", "symlink", oldname}, func() error { return os.Symlink(oldname, newname) })
}

// Truncate changes a file's size. It is a checkpoint.
func Truncate(name string, size int64) error {
	return alter(fileCall{"io.Truncate", "truncate", name}, func() error { return os.Truncate(name, size) })
}

// Chmod changes a file's mode. It is a checkpoint.
func Chmod(name string, mode fs.FileMode) error {
	return alter(fileCall{"io.Chmod", "chmod", name}, func() error { return os.Chmod(name, mode) })
}

// Chown changes whose file it is. It is a checkpoint.
func Chown(name string, uid, gid int) error {
	return alter(fileCall{"io.Chown", "chown", name}, func() error { return os.Chown(name, uid, gid) })
}

// Lchown is [Chown] for a symbolic link itself. It is a checkpoint.
func Lchown(name string, uid, gid int) error {
	return alter(fileCall{"io.Lchown", "chown", name}, func() error { return os.Lchown(name, uid, gid) })
}

// Chtimes changes when a file was used and changed last. It is a checkpoint.
func Chtimes(name string, atime, mtime time.Time) error {
	return alter(fileCall{"io.Chtimes", "chtimes", name}, func() error { return os.Chtimes(name, atime, mtime) })
}
