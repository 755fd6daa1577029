package house_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// A row says what one package of the root module may import from the same module.
type row struct {
	path  string
	may   []string
	later bool // the package is planned and does not exist yet
	why   string
}

// layers is the layering, bottom to top. A package imports only what its row lists. Tests inside the
// package may also use anything in a row above its own; tests outside it are its users, and may use
// whatever they need to show it at work.
var layers = []row{
	{
		path: "internal/goroutine",
		why:  "says which goroutine this is; knows nothing of tasks",
	},
	{
		path: "internal/baton",
		why:  "hands the one right to run from goroutine to goroutine; who is next is not its business",
	},
	{
		path: "internal/timers",
		why:  "orders points in time; a clock is handed to it, so it can be tested without one",
	},
	{
		path: "internal/poller",
		why:  "asks the system which descriptors are ready; several backends behind one interface",
	},
	{
		path: "internal/dns",
		why:  "reads and writes the texts and messages of name resolution; waits for nothing, so that it can be fuzzed",
	},
	{
		path: "internal/accept",
		why:  "which errors of accept pass and how long to wait for that; shared by the servers of net and net/http, of which only one could import the other",
	},
	{
		path: "internal/prefetch",
		why:  "brings memory into the caches before it is needed; knows addresses and not what is there",
	},
	{
		path: "internal/kernel",
		may:  []string{"internal/baton", "internal/goroutine", "internal/poller", "internal/prefetch", "internal/timers"},
		why:  "park, wake and the ready queue: the one place where the four parts below meet",
	},
	{
		path: "internal/socket",
		may:  []string{"internal/kernel"},
		why:  "reads and writes descriptors and parks in the kernel; shared by net and io, which stay apart",
	},
	{
		path: "internal/flow",
		may:  []string{"internal/kernel", "internal/socket"},
		why:  "one direction of a pipe in memory, of which net.Pipe has two and io.Pipe one; socket, because calls from elsewhere are carried as those on descriptors are",
	},
	{
		path: "runtime",
		may:  []string{"internal/kernel", "internal/goroutine"},
		why:  "the public face of the loop, and nothing a task needs to know; goroutine, because only the function that is called can read its call site off its own frame",
	},
	{
		path: "timeout",
		may:  []string{"runtime", "internal/kernel"},
		why:  "scopes over a block of code; below task, because joining a task can be timed",
	},
	{
		path: "task",
		may:  []string{"runtime", "timeout", "internal/kernel", "internal/goroutine"},
		why:  "tasks and groups; a group is a scope; goroutine for the call site, as in runtime",
	},
	{
		path: "task/tasktest",
		may:  []string{"task", "timeout", "runtime", "internal/kernel", "internal/goroutine"},
		why:  "holds code to its contract by way of the kernel's hooks; knows no primitive, so that it can test them all",
	},
	{
		path: "sync",
		may:  []string{"task", "timeout", "runtime", "internal/kernel", "internal/goroutine"},
		why:  "every primitive waits in the kernel's one wait list, none on top of another package's",
	},
	{
		path: "channel",
		may:  []string{"task", "timeout", "runtime", "internal/kernel"},
		why:  "beside sync, not above it: a channel is not made of locks",
	},
	{
		path: "future",
		may:  []string{"task", "timeout", "runtime", "internal/kernel"},
		why:  "beside sync and channel, for the same reason",
	},
	{
		path: "net",
		may:  []string{"task", "timeout", "runtime", "internal/accept", "internal/dns", "internal/flow", "internal/kernel", "internal/socket"},
		why:  "connections; not built on sync or channel, so that a program pays only for what it uses",
	},
	{
		path: "net/tls",
		may:  []string{"net", "timeout", "internal/kernel"},
		why:  "puts crypto/tls on connections of any kind; touches no descriptor itself",
	},
	{
		path: "net/http",
		may:  []string{"net", "net/tls", "task", "timeout", "runtime", "internal/accept", "internal/kernel"},
		why:  "speaks HTTP over net's connections and touches no descriptor itself",
	},
	{
		path: "io",
		may:  []string{"task", "timeout", "runtime", "internal/flow", "internal/kernel", "internal/socket"},
		why:  "streams, files and processes; beside net, neither knows the other",
	},
	{
		path: ".",
		why:  "the module's manual page: a comment and nothing else",
	},
	{
		path: "internal/exported",
		why:  "reads the types of compiled packages, for tests that compare ours with the standard ones; imports none of ours",
	},
	{
		path: "internal/house",
		why:  "reads source text, so that it can judge a package that does not compile",
	},
}

// An external is a module outside the standard library that the root module may import.
type external struct {
	path  string
	tests bool // in tests only
	later bool // planned and not imported yet
	why   string
}

var externals = []external{
	{path: "golang.org/x/sys", why: "epoll, kqueue and the system calls package syscall has frozen"},
	{path: "golang.org/x/net/dns/dnsmessage", why: "packs and unpacks the messages of DNS, as the standard library does with it"},
	{path: "golang.org/x/net", tests: true, why: "nettest, which holds connections to net's contract"},
	{path: "go.uber.org/goleak", tests: true, why: "proves that Run leaves no goroutine behind"},
}

func TestLayering(t *testing.T) {
	files := make(map[string]map[string]string) // package path, then file path, to its text
	for _, s := range sources(t) {
		if !ours(s.dir) {
			continue
		}
		if files[s.dir] == nil {
			files[s.dir] = make(map[string]string)
		}
		files[s.dir][s.path] = string(s.text)
	}
	for _, complaint := range judgeLayers(files) {
		t.Error(complaint)
	}
}

// Programs are written as a user would write them, so they see what a user sees.
func TestProgramsUsePublicPackages(t *testing.T) {
	for _, s := range sources(t) {
		if !within(s.dir, "examples") && !within(s.dir, "bench") {
			continue
		}
		for _, path := range imports(s.file) {
			if strings.HasPrefix(path, module+"/internal/") {
				t.Errorf("%s imports %s: a program outside the module could not", s.path, path)
			}
		}
	}
}

// judgeLayers returns what is wrong with a module's imports. It takes text, not files, so that
// TestLayeringNotices can show it trees that must not exist.
func judgeLayers(packages map[string]map[string]string) (complaints []string) {
	bad := func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }
	used := make(map[string]bool)
	for dir, files := range packages {
		at := slices.IndexFunc(layers, func(r row) bool { return r.path == dir })
		if at < 0 {
			bad("package %s has no row in the layering table: add one, with its reason", dir)
			continue
		}
		if layers[at].later {
			bad("package %s exists now: its row in the layering table is no longer for later", dir)
		}
		for name, text := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
			if err != nil {
				bad("%v", err)
				continue
			}
			for _, path := range imports(file) {
				if why := judgeImport(at, path, kindOf(name, file), used); why != "" {
					bad("%s imports %s: %s", name, path, why)
				}
			}
		}
	}
	for _, r := range layers {
		if packages[r.path] == nil && !r.later {
			bad("package %s has a row in the layering table and does not exist", r.path)
		}
	}
	for _, e := range externals {
		if used[e.path] && e.later {
			bad("%s is imported now: its row is no longer for later", e.path)
		}
	}
	slices.Sort(complaints)
	return complaints
}

// A kind of file: what it may import depends on it.
type kind int

const (
	code    kind = iota
	inside       // a test in the package itself: compiled into it, so nothing above is in its reach
	outside      // a test in the package of that name with _test: a user of the package like any other
)

func kindOf(name string, file *ast.File) kind {
	switch {
	case !strings.HasSuffix(name, "_test.go"):
		return code
	case strings.HasSuffix(file.Name.Name, "_test"):
		return outside
	}
	return inside
}

// judgeImport says why a file of the package in row at may not import a path, or "".
func judgeImport(at int, path string, k kind, used map[string]bool) string {
	if path == "C" {
		return "the root module is built without cgo"
	}
	if path != module && !strings.HasPrefix(path, module+"/") {
		if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
			return "" // the standard library
		}
		for _, e := range externals {
			if !within(path, e.path) {
				continue
			}
			if e.tests && k == code {
				return "that is for tests only: " + e.why
			}
			used[e.path] = true
			return ""
		}
		return "the root module depends on nothing else"
	}
	dir := "."
	if path != module {
		dir = strings.TrimPrefix(path, module+"/")
	}
	r := layers[at]
	if slices.Contains(r.may, dir) {
		return ""
	}
	target := slices.IndexFunc(layers, func(r row) bool { return r.path == dir })
	switch {
	case target < 0:
		return "it has no row in the layering table"
	case k == outside, k == inside && target <= at:
		return ""
	case target >= at:
		return fmt.Sprintf("imports point down only (%s: %s)", r.path, r.why)
	default:
		return fmt.Sprintf("not among what %s may import (%s)", r.path, r.why)
	}
}

// The table itself is in order: what a row may import stands above it.
func TestLayeringTable(t *testing.T) {
	place := make(map[string]int)
	for i, r := range layers {
		if r.why == "" {
			t.Errorf("the row of %s gives no reason", r.path)
		}
		if _, ok := place[r.path]; ok {
			t.Errorf("%s has two rows", r.path)
		}
		for _, dep := range r.may {
			if _, ok := place[dep]; !ok {
				t.Errorf("%s may import %s, which does not stand above it", r.path, dep)
			}
		}
		place[r.path] = i
	}
}

// A checker that never complains proves nothing, so it is shown what it must complain about.
func TestLayeringNotices(t *testing.T) {
	for _, c := range []struct{ file, path, complaint string }{
		{"internal/baton/baton.go", module + "/internal/kernel", "imports point down only"},
		{"internal/kernel/kernel.go", module + "/internal/baton", ""},
		{"internal/timers/timers.go", module + "/internal/goroutine", "not among what internal/timers may import"},
		{"internal/timers/timers_test.go", module + "/internal/goroutine", ""},
		{"task/task_test.go", module + "/net", "imports point down only"},
		{"net/net.go", module + "/runtime", ""},
		{"net/net.go", module + "/nowhere", "no row in the layering table"},
		{"nowhere/nowhere.go", "fmt", "package nowhere has no row"},
		{"runtime/loop.go", "runtime", ""},
		{"runtime/loop.go", "go.uber.org/goleak", "for tests only"},
		{"runtime/loop_test.go", "go.uber.org/goleak", ""},
		{"internal/poller/epoll.go", "golang.org/x/sys/unix", ""},
		{"internal/poller/epoll.go", "golang.org/x/system", "depends on nothing else"},
		{"net/net_test.go", "github.com/stretchr/testify", "depends on nothing else"},
		{"runtime/loop.go", "C", "without cgo"},
	} {
		dir := c.file[:strings.LastIndexByte(c.file, '/')]
		tree := make(map[string]map[string]string)
		for _, r := range layers {
			if !r.later {
				tree[r.path] = map[string]string{}
			}
		}
		tree[dir] = map[string]string{c.file: fmt.Sprintf("package p\nimport _ %q\n", c.path)}
		got := judgeLayers(tree)
		switch {
		case c.complaint == "" && len(got) != 0:
			t.Errorf("%s importing %s: %q, want no complaint", c.file, c.path, got)
		case c.complaint != "" && (len(got) != 1 || !strings.Contains(got[0], c.complaint)):
			t.Errorf("%s importing %s: %q, want one complaint with %q", c.file, c.path, got, c.complaint)
		}
	}
}
