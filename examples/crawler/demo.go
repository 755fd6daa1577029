package main

import (
	"net/url"
	"time"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/net/http"
	"github.com/evergreen-go/evergreen/task"
)

// demo is the demo site while it is served: by Evergreen's own Server, inside the loop that crawls it.
// Server and crawler take turns like any two tasks.
type demo struct {
	site   *site
	start  *url.URL
	server *http.Server
	serve  *task.Task
}

// startDemo serves the demo site at a free port of this machine. The pages of the site take their time
// to answer if patient is set. It is a checkpoint.
func startDemo(patient bool) (*demo, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	d := &demo{site: newSite(address), start: &url.URL{Scheme: "http", Host: address, Path: "/"}}
	if patient {
		d.site.wait = task.Sleep
	}
	d.server = &http.Server{Handler: d.site}
	d.serve = task.Go(func() { d.server.Serve(listener) }) // its error is that of being closed
	d.serve.SetName("demo site")
	return d, nil
}

// close ends the demo site. It is a checkpoint.
func (d *demo) close() {
	d.server.Close()
	d.serve.Join()
}

// hangTime is how long the page that hangs does so: longer than demoTimeout, but not for ever, because
// a loop ends only when all its tasks have ended.
const hangTime = demoTimeout + 500*time.Millisecond
