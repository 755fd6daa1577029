package io

import (
	"io/fs"
	"path/filepath"
)

// WalkDir calls f for each file and folder below root, root included, in order of their
// names, see filepath.WalkDir. Folders are read on a plain goroutine; f runs in the
// calling task, and may wait. It is a checkpoint: when the task is cancelled WalkDir
// returns the error of the block that ended, and does not ask f about that.
func WalkDir(root string, f fs.WalkDirFunc) error {
	info, err := Lstat(root)
	switch {
	case err != nil && leaving():
		return err
	case err != nil:
		err = f(root, nil, err)
	default:
		err = walkDir(root, fs.FileInfoToDirEntry(info), f)
	}
	if err == fs.SkipDir || err == fs.SkipAll {
		return nil
	}
	return err
}

func walkDir(path string, entry fs.DirEntry, f fs.WalkDirFunc) error {
	if err := f(path, entry, nil); err != nil || !entry.IsDir() {
		if err == fs.SkipDir && entry.IsDir() {
			return nil
		}
		return err
	}
	entries, err := ReadDir(path)
	if err != nil {
		if leaving() {
			return err
		}
		if err = f(path, entry, err); err != nil {
			if err == fs.SkipDir {
				return nil
			}
			return err
		}
	}
	for _, e := range entries {
		if err := walkDir(filepath.Join(path, e.Name()), e, f); err != nil {
			if err == fs.SkipDir {
				break
			}
			return err
		}
	}
	return nil
}
