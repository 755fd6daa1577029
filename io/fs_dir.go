package io

import (
	"io/fs"
	"os"
)

// FS returns the folder dir as a file system, as os.DirFS does, whose calls wait
// cooperatively; so do those of the files that it opens, each of which is a [File]. It
// is not a checkpoint.
func FS(dir string) fs.FS { return dirFS(dir) }

type dirFS string

// std returns the standard library's file system, which knows what names are valid.
func (d dirFS) std() fs.FS { return os.DirFS(string(d)) }

// Open implements fs.FS. It is a checkpoint, like the function [Open].
func (d dirFS) Open(name string) (fs.File, error) {
	f, err := look(fileCall{"FS.Open", "open", name}, func() (fs.File, error) { return d.std().Open(name) }, func(f fs.File) { _ = f.Close() })
	if err != nil {
		return nil, err
	}
	return NewOSFile(f.(*os.File)), nil
}

// ReadFile implements fs.ReadFileFS. It is a checkpoint.
func (d dirFS) ReadFile(name string) ([]byte, error) {
	return look(fileCall{"FS.ReadFile", "read", name}, func() ([]byte, error) { return fs.ReadFile(d.std(), name) }, nil)
}

// ReadDir implements fs.ReadDirFS. It is a checkpoint.
func (d dirFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := look(fileCall{"FS.ReadDir", "readdir", name}, func() ([]fs.DirEntry, error) { return fs.ReadDir(d.std(), name) }, nil)
	return cooperative(entries), err
}

// Stat implements fs.StatFS. It is a checkpoint.
func (d dirFS) Stat(name string) (fs.FileInfo, error) {
	return look(fileCall{"FS.Stat", "stat", name}, func() (fs.FileInfo, error) { return fs.Stat(d.std(), name) }, nil)
}

// Lstat implements fs.ReadLinkFS. It is a checkpoint.
func (d dirFS) Lstat(name string) (fs.FileInfo, error) {
	return look(fileCall{"FS.Lstat", "lstat", name}, func() (fs.FileInfo, error) { return fs.Lstat(d.std(), name) }, nil)
}

// ReadLink implements fs.ReadLinkFS. It is a checkpoint.
func (d dirFS) ReadLink(name string) (string, error) {
	return look(fileCall{"FS.ReadLink", "readlink", name}, func() (string, error) { return fs.ReadLink(d.std(), name) }, nil)
}

var (
	_ fs.ReadFileFS = dirFS("")
	_ fs.ReadDirFS  = dirFS("")
	_ fs.StatFS     = dirFS("")
	_ fs.ReadLinkFS = dirFS("")
)
