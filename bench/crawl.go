//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gocolly/colly/v2"
)

// atOnce is how many pages a crawler may fetch at once.
const atOnce = 16

var (
	pageRate = &metric{wall: true, key: "pages", head: "pages/s", more: true, ratio: true}
	pageCPU  = &metric{key: "cpu_ms_page", head: "CPU ms/page", digits: 3, ratio: true}
)

var crawlArea = &area{
	name: "crawl", title: "Crawlers",
	about: fmt.Sprintf("A site of 500 pages of 8 KiB with %d links each, on the other processor: found, fetched and read for links, %d at "+
		"once; wget fetches one after the other. From the start of the program to its end. A delay is of each answer.", linksEach, atOnce),
	metrics:  []*metric{pageRate, pageCPU, peak},
	pictures: []picture{bars(pageRate, "Crawlers on one processor")},
	peers: []peer{
		{name: us, absent: noCrawler, command: func(j job) *exec.Cmd {
			return exec.Command(crawlerProgram().path, "-quiet", "-n", fmt.Sprint(atOnce), "-pages", "0", "-trap", "0", j.Backend)
		}},
		{name: "colly", absent: func() string { return "" }, command: func(j job) *exec.Cmd {
			self, _ := os.Executable()
			j.Area, j.Peer = "crawl", "colly"
			return exec.Command(self, serveFlag, j.String())
		}, serve: crawlByColly},
		{name: "Scrapy", absent: sync.OnceValue(func() string { return pythonLacks([]string{"scrapy"}) }), command: func(j job) *exec.Cmd {
			return pythonCommand("crawl_scrapy.py", j.Backend, fmt.Sprint(atOnce))
		}},
		wget("wget2", fmt.Sprintf("--max-threads=%d", atOnce)),
		wget("wget"),
	},
	scenes: []scene{
		crawl("500 pages", 500, 0),
		crawl("500 pages, 20 ms each", 500, 20*time.Millisecond, us, "colly", "Scrapy", "wget2"),
	},
}

// crawl makes a scene of a site. Only some crawlers take part if they are named.
func crawl(name string, pages int, delay time.Duration, only ...string) scene {
	return scene{name: name, only: only, measure: func(a *area, p peer, o options) (sample, error) {
		pages := o.limit(pages)
		s, err := start(siteArea, siteArea.peers[0], job{Aside: true, Count: pages, Delay: delay}, options{})
		if err != nil {
			return nil, err
		}
		defer s.stop()
		got, err := runCrawler(p, "http://"+s.addr.String()+"/page/0.html", pages)
		if err != nil {
			return nil, err
		}
		seen, err := s.ask("pages")
		if err == nil && seen != fmt.Sprint(pages) {
			err = fmt.Errorf("it asked for %s of %d pages", seen, pages)
		}
		return got, err
	}}
}

// runCrawler runs a crawler to its end, on the peers' processor.
func runCrawler(p peer, url string, pages int) (sample, error) {
	c := p.command(job{Backend: url})
	c.Env = append(os.Environ(), "GOMAXPROCS=1")
	c.Dir = scratch()
	var complaints strings.Builder
	c.Stderr = &complaints
	in, err := c.StdinPipe() // a peer that is part of this program ends when that does
	if err != nil {
		return nil, err
	}
	defer in.Close()
	began := now()
	runtime.LockOSThread()
	pin(0, serverCPU)
	err = c.Start()
	pin(0, loadCPU)
	runtime.UnlockOSThread()
	if err != nil {
		return nil, err
	}
	// The most memory is read while it runs. What wait4 tells is not below what this
	// process has itself, which the child was for a moment.
	most, over := 0.0, make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			if m, err := memoryOf(c.Process.Pid, "VmHWM"); err == nil {
				most = max(most, m)
			}
			select {
			case <-over:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	err = c.Wait()
	took := now() - began
	close(over)
	watch.Wait()
	// wget ends with an error if a page is missing, and /robots.txt is.
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && strings.HasPrefix(p.name, "wget") && exit.ExitCode() == 8 {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, complaints.String())
	}
	u := c.ProcessState.SysUsage().(*syscall.Rusage)
	used := time.Duration(u.Utime.Nano() + u.Stime.Nano())
	return sample{
		pageRate: float64(pages) / float64(took) * 1e9,
		pageCPU:  used.Seconds() * 1e3 / float64(pages),
		peak:     most / (1 << 20),
	}, nil
}

func crawlByColly(j job, _ func(string)) error {
	c := colly.NewCollector(colly.Async(true), colly.IgnoreRobotsTxt())
	if err := c.Limit(&colly.LimitRule{DomainGlob: "*", Parallelism: atOnce}); err != nil {
		return err
	}
	c.OnHTML("a[href]", func(e *colly.HTMLElement) { _ = e.Request.Visit(e.Attr("href")) })
	if err := c.Visit(j.Backend); err != nil {
		return err
	}
	c.Wait()
	os.Exit(0)
	return nil
}

// wget makes a peer of wget or wget2.
func wget(name string, args ...string) peer {
	return peer{
		name: name,
		absent: sync.OnceValue(func() string {
			if _, err := exec.LookPath(name); err != nil {
				return "it is not installed (Debian: " + name + ")"
			}
			return ""
		}),
		command: func(j job) *exec.Cmd {
			to := filepath.Join(scratch(), name)
			return exec.Command(name, append([]string{"-q", "-r", "-l", "inf", "--delete-after", "-P", to, j.Backend}, args...)...)
		},
	}
}

// program is one that was built for this run.
type program struct {
	path, failed string
}

// crawlerProgram builds examples/crawler, once.
var crawlerProgram = sync.OnceValue(func() program {
	const module = "github.com/evergreen-go/evergreen"
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return program{failed: "examples/crawler is not at hand: run this in the repository"}
	}
	path := filepath.Join(scratch(), "crawler")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Dir = filepath.Join(strings.TrimSpace(string(dir)), "examples", "crawler")
	if text, err := build.CombinedOutput(); err != nil {
		return program{failed: fmt.Sprintf("examples/crawler cannot be built: %s", text)}
	}
	return program{path: path}
})

func noCrawler() string { return crawlerProgram().failed }
