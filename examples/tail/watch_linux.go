package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
)

// notifier has the system tell of changes. It watches the directories and not the files:
// files may be renamed and made anew, or not be there yet.
type notifier struct {
	fd     int
	handle *runtime.Handle
	// directories are the numbers that the system has given to what is watched.
	directories map[int]string
	// waiting are the files that somebody follows, by their full names.
	waiting map[string][]*sync.Event
}

// systemWatch watches by inotify(7).
func systemWatch() (watch, error) {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("inotify: %w (use -poll)", err)
	}
	n := &notifier{fd: fd, directories: make(map[int]string), waiting: make(map[string][]*sync.Event)}
	if n.handle, err = runtime.Current().AddReader(fd, n.tell); err != nil {
		_ = syscall.Close(fd)
		return nil, err
	}
	return n, nil
}

func (n *notifier) close() {
	n.handle.Cancel()
	_ = syscall.Close(n.fd)
}

// changes implements watch.
func (n *notifier) changes(name string) func() error {
	full, err := filepath.Abs(name)
	if err == nil {
		err = n.add(filepath.Dir(full))
	}
	if err != nil {
		return func() error { return fmt.Errorf("%s cannot be watched: %w (use -poll)", name, err) }
	}
	e := new(sync.Event)
	n.waiting[full] = append(n.waiting[full], e)
	return func() error {
		e.Wait()
		e.Clear() // before the look: what comes during it sets it again
		return nil
	}
}

func (n *notifier) add(directory string) error {
	const what = syscall.IN_MODIFY | syscall.IN_CREATE | syscall.IN_MOVED_TO | syscall.IN_ATTRIB
	number, err := syscall.InotifyAddWatch(n.fd, directory, what)
	n.directories[number] = directory
	return err
}

// tell reads what the system has to tell. It is a callback of the loop and does not wait.
func (n *notifier) tell() {
	buf := make([]byte, 64<<10)
	size, err := syscall.Read(n.fd, buf)
	if err != nil {
		return // nothing there after all; if it is worse, there will be no more calls
	}
	for p := buf[:size]; len(p) >= syscall.SizeofInotifyEvent; {
		number := int(int32(binary.NativeEndian.Uint32(p)))
		flags := binary.NativeEndian.Uint32(p[4:])
		length := int(binary.NativeEndian.Uint32(p[12:]))
		name := p[syscall.SizeofInotifyEvent : syscall.SizeofInotifyEvent+length]
		p = p[syscall.SizeofInotifyEvent+length:]
		if flags&syscall.IN_Q_OVERFLOW != 0 { // too much to tell: all may have changed
			for _, events := range n.waiting {
				set(events)
			}
			continue
		}
		set(n.waiting[filepath.Join(n.directories[number], string(bytes.TrimRight(name, "\x00")))])
	}
}

func set(events []*sync.Event) {
	for _, e := range events {
		e.Set()
	}
}
