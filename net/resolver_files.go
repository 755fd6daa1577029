package net

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evergreen-go/evergreen/internal/dns"
)

// lookAgain is how long a file is taken to be as it was.
const lookAgain = 5 * time.Second

// nameFiles are the files that say how names are looked up. They are read in the
// task that asks: they are short and practically always in memory, so that a
// detour over a plain goroutine would cost more than the reading.
type nameFiles struct {
	// resolvConf and hosts are the paths.
	resolvConf, hosts string
	// now is time.Now but in tests. The files belong to the process and not to a loop,
	// so their age is not measured by a loop's clock.
	now func() time.Time
	// turn counts the questions, for the option rotate.
	turn atomic.Uint32

	// mu guards what follows: several loops may use it.
	mu     sync.Mutex
	config *dns.Config
	known  *dns.Hosts
	// looked is when the files were last looked at; the stamps are what they were like.
	looked                  time.Time
	configStamp, knownStamp stamp
}

// stamp tells two states of a file apart.
type stamp struct {
	modified time.Time
	size     int64
}

var systemFiles = &nameFiles{resolvConf: "/etc/resolv.conf", hosts: "/etc/hosts", now: time.Now}

// read returns what the files say.
func (f *nameFiles) read() (*dns.Config, *dns.Hosts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if f.config != nil && now.Sub(f.looked) < lookAgain {
		return f.config, f.known
	}
	f.looked = now
	if s := stampOf(f.resolvConf); f.config == nil || s != f.configStamp && !f.config.NoReload {
		if text, ok := textOf(f.resolvConf, f.config == nil); ok {
			host, _ := os.Hostname() // without a name of its own it has no domain either
			f.config, f.configStamp = dns.ParseConfig(text, host), s
		}
	}
	if s := stampOf(f.hosts); f.known == nil || s != f.knownStamp {
		if text, ok := textOf(f.hosts, f.known == nil); ok {
			f.known, f.knownStamp = dns.ParseHosts(text), s
		}
	}
	return f.config, f.known
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}

// textOf reads a file. One that is not there is empty; one that cannot be read for
// another reason leaves what was read before, if anything was.
func textOf(path string, first bool) (text string, ok bool) {
	b, err := os.ReadFile(path)
	return string(b), err == nil || first || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

// nameFiles returns the files that r goes by.
func (r *Resolver) nameFiles() *nameFiles {
	if r.files != nil {
		return r.files
	}
	return systemFiles
}
