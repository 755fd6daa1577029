package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"

	"github.com/evergreen-go/evergreen/io"
)

// part is how much is read at once.
const part = 64 << 10

// follower follows one file.
type follower struct {
	name, prefix string
	// lines is how many lines of what is there already are wanted.
	lines int
	// changed waits until there may be something new.
	changed func() error
	// write takes a line, and flush sees to it that it is seen.
	write func(line []byte) error
	flush func() error

	// file is what is read, nil while there is nothing.
	file *io.File
	// at is how far it has been read, and rest what was read of the last line.
	at   int64
	rest []byte
}

// follow writes what the file has and gets, until the task is cancelled.
func (f *follower) follow() error {
	defer func() {
		if f.file != nil {
			_ = f.file.Close()
		}
	}()
	fresh := false // what is there when we begin is old
	for {
		if err := f.look(fresh); err != nil {
			return err
		}
		fresh = true
		if err := f.flush(); err != nil {
			return err
		}
		if err := f.changed(); err != nil {
			return err
		}
	}
}

// look reads what has come since the last time. Of a file that is fresh all is wanted.
func (f *follower) look(fresh bool) error {
	for {
		opened, err := f.open()
		if f.file == nil || err != nil {
			return err
		}
		if opened && !fresh {
			if err := f.skip(); err != nil {
				return err
			}
		}
		if err := f.read(); err != nil {
			return err
		}
		replaced, err := f.replaced()
		if err != nil || !replaced {
			return err
		}
		// What came before the other file did; a last line without an end is over, too.
		if err := errors.Join(f.read(), f.end()); err != nil {
			return err
		}
		fresh = true
	}
}

// open opens the file unless it is open; that there is none is no error.
func (f *follower) open() (opened bool, err error) {
	if f.file != nil {
		return false, nil
	}
	file, err := io.Open(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	f.file, f.at, f.rest = file, 0, nil
	return err == nil, err
}

// end writes what was read of the last line, and closes the file.
func (f *follower) end() error {
	var err error
	if len(f.rest) > 0 {
		err = f.write(f.rest)
	}
	_ = f.file.Close()
	f.file = nil
	return err
}

// skip goes to the beginning of the last lines.
func (f *follower) skip() error {
	at, err := lastLines(f.file, f.lines)
	if err != nil {
		return err
	}
	f.at = at
	return nil
}

// lastLines finds where the last n lines begin, from the end.
func lastLines(file *io.File, n int) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	end := info.Size()
	if n == 0 {
		return end, nil
	}
	buf := make([]byte, part)
	for at := end; at > 0; {
		size := min(at, part)
		at -= size
		if _, err := file.ReadAt(buf[:size], at); err != nil && err != io.EOF {
			return 0, err
		}
		for i := size - 1; i >= 0; i-- {
			// The end of the last line is none between lines.
			if buf[i] == '\n' && at+i+1 != end {
				if n--; n == 0 {
					return at + i + 1, nil
				}
			}
		}
	}
	return 0, nil
}

// read writes the lines that there are from where it was left, or from the beginning if
// the file was cut off.
func (f *follower) read() error {
	p := make([]byte, part)
	for {
		info, err := f.file.Stat()
		if err != nil {
			return err
		}
		if info.Size() < f.at {
			f.at, f.rest = 0, nil
		}
		n, err := f.file.ReadAt(p, f.at)
		if n == 0 || err != nil && err != io.EOF {
			if err == io.EOF {
				err = nil
			}
			return err
		}
		f.at += int64(n)
		if err := f.take(p[:n]); err != nil {
			return err
		}
	}
}

// take writes the lines that are complete.
func (f *follower) take(p []byte) error {
	for {
		line, after, found := bytes.Cut(p, []byte{'\n'})
		if !found {
			f.rest = append(f.rest, p...)
			return nil
		}
		if err := f.write(append(f.rest, line...)); err != nil {
			return err
		}
		f.rest, p = f.rest[:0], after
	}
}

// replaced tells whether another file has the name now. While there is none the old one
// goes on: it may be under way to another name.
func (f *follower) replaced() (bool, error) {
	now, err := io.Stat(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	old, err := f.file.Stat()
	return err == nil && !os.SameFile(now, old), err
}
