package poller

// backends are what the suite runs over.
var backends = map[string]func() (Poller, error){
	"epoll": New,
	"epoll in milliseconds": func() (Poller, error) {
		p, err := newEpoll()
		if err == nil {
			p.coarse = true // as on a kernel without epoll_pwait2
		}
		return p, err
	},
	"poll": NewPoll,
}
