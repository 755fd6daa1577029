// Crawler walks all pages of a web site at once and reports what it found: how many pages of which
// kind, how fast they came, which links are broken and which pages hold those links.
//
//	go run ./examples/crawler                      crawl a demo site, served by this program itself
//	go run ./examples/crawler http://localhost/    crawl a real one
//	go run ./examples/crawler -h                   all flags
//
// It is also a lesson in how such a program is written with Evergreen: in blocking style, with no
// locks. The whole of it is this loop, run by up to -n tasks (crawler.go):
//
//	for p := c.frontier.pop(); p != nil; p = c.frontier.pop() {
//		c.visit(p) // fetch the page, add its links to the frontier
//		c.hire()   // start more tasks if there is more to do
//	}
//
// # Why no lock is needed
//
// Exactly one task runs at a time, and it gives way only at a checkpoint: a call that may wait. In this
// program those are few: a request and the reading of its answer, and the pauses made by task.Sleep.
// Between two of them nobody else runs. So the frontier is a plain map and a plain slice, the counters
// are plain integers, and "is this address new? then remember and queue it" cannot be torn apart.
// No call in frontier.go may wait, and that is all one has to check.
//
// # The parts, one file each
//
//	main.go       the loop, the demo, exit codes     crawler.go    the tasks and what they do
//	options.go    flags                              fetch.go      one request under a timeout
//	address.go    the normal form of an address      frontier.go   what is known, what is to be done
//	links.go      the links of an HTML page          trap.go       sites without end
//	robots.go     robots.txt                         page.go       one address and its fate
//	report.go     the result as data                 text.go       and as text
//	progress.go   the line that shows how it goes    demo*.go      the site of the demonstration
//
// # What is crawled
//
// Pages of the host of the start address, found by following <a>, <area>, <link> (unless it names an
// asset, such as a style sheet), <frame>, <iframe> and <meta http-equiv=refresh>. That finds every HTML
// page which "wget -r" finds; images, scripts and style sheets are not fetched. The port belongs to the
// host, the scheme does not: http://example.org/ and https://example.org/ are one site. When the start
// page itself redirects to another host, that host is crawled, so "example.org" works where the site
// lives at "www.example.org". Links to other hosts are counted, and with -external asked for by HEAD.
//
// A redirect is not followed on the spot. Its target joins the frontier like a link, so that a target
// which is already known is not fetched again, and redirect loops, endless chains and targets on another
// host need no code of their own while crawling: the report finds them in the graph of pages.
//
// # What the limits do
//
// Every limit that leaves a page out (-depth, -pages, -trap, robots.txt) is counted in the report
// under "skipped", by distinct address. Depth is the length of the shortest way from the start page,
// not of the way that happened to be found first, so that a crawl with -depth finds the same pages
// whatever the order in which answers arrive. Only -pages cuts off by order of arrival. A body is read up to
// -max-body; the links up to there count. Of bodies that are not HTML only the first 64 KiB are read.
//
// # Exit codes
//
// 0 when the site was crawled, broken links or not; 1 when the start page could not be fetched, or the
// crawl was interrupted; 2 for wrong usage. The report goes to the standard output, progress to the
// standard error. Ctrl-C ends the crawl early, with a report of what was found so far.
package main
