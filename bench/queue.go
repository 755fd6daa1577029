//go:build linux

package main

import (
	"github.com/evergreen-go/evergreen/channel"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
)

// room is how much a queue or a buffered channel holds here.
const room = 128

// passed makes a workload of items that go from one task to another.
func passed(make func() (put func(n int), get func(n int))) func(*meter) {
	return inLoop(func(m *meter) {
		put, get := make()
		m.batch(func(n int) {
			t := task.Go(func() { put(n) })
			get(n)
			_ = t.Join()
		})
	})
}

// sent makes a workload of items that go from one goroutine to another. Both put and
// get in a loop of their own, as in passed.
func sent(capacity int) func(*meter) {
	return func(m *meter) {
		c := make(chan int, capacity)
		m.batch(func(n int) {
			done := make(chan struct{})
			go func() {
				for i := range n {
					c <- i
				}
				close(done)
			}()
			for range n {
				<-c
			}
			<-done
		})
	}
}

var queueArea = &area{
	name: "queue", title: "Queues",
	about:   "One item from one task to another over a `sync.Queue` with room for 128, and over a native channel with as much.",
	metrics: operations,
	peers: []peer{
		{name: us, works: map[string]func(*meter){"queue": passed(func() (put, get func(int)) {
			q := sync.NewQueue[int](room)
			return func(n int) {
					for i := range n {
						_ = q.Put(i)
					}
				}, func(n int) {
					for range n {
						_, _ = q.Get()
					}
				}
		})}},
		{name: "chan", works: map[string]func(*meter){"queue": sent(room)}},
	},
	scenes: []scene{workload("Put and Get", "queue", job{})},
}

// ours is a channel of tasks of that capacity.
func ours(capacity int) func(*meter) {
	return passed(func() (put, get func(int)) {
		c := channel.New[int](capacity)
		return func(n int) {
				for i := range n {
					_ = c.Send(i)
				}
			}, func(n int) {
				for range n {
					_, _ = c.Receive()
				}
			}
	})
}

var channelArea = &area{
	name: "channel", title: "Channels",
	about: "One value from one task to another over our channel, and from one goroutine to another over a native one. " +
		"A loop has one processor whatever there is; the goroutines of the second case of each have two.",
	metrics:  operations,
	pictures: []picture{bars(cpuNS, "One value over a channel")},
	peers: []peer{
		{name: us, works: map[string]func(*meter){"unbuffered": ours(0), "buffered": ours(room)}},
		{name: "chan", works: map[string]func(*meter){"unbuffered": sent(0), "buffered": sent(room)}},
	},
	scenes: append(twin("unbuffered", "unbuffered", job{}), twin("buffered", "buffered", job{})...),
}

var selectArea = &area{
	name: "select", title: "Select",
	about:   "One value by a select among four channels, one of which has a sender that is always ready.",
	metrics: operations,
	peers: []peer{
		{name: us, works: map[string]func(*meter){"four": inLoop(func(m *meter) {
			var c [4]*channel.Channel[int]
			for i := range c {
				c[i] = channel.New[int](0)
			}
			sum := 0
			add := func(n int, _ error) { sum += n }
			cases := []channel.Case{channel.Recv(c[0], add), channel.Recv(c[1], add), channel.Recv(c[2], add), channel.Recv(c[3], add)}
			m.batch(func(n int) {
				t := task.Go(func() {
					for i := range n {
						_ = c[2].Send(i)
					}
				})
				for range n {
					channel.Select(cases...)
				}
				_ = t.Join()
			})
		})}},
		{name: "select", works: map[string]func(*meter){"four": selectNative}},
	},
	scenes: []scene{workload("one of four", "four", job{})},
}

func selectNative(m *meter) {
	var c [4]chan int
	for i := range c {
		c[i] = make(chan int)
	}
	sum := 0
	m.batch(func(n int) {
		done := make(chan struct{})
		go func() {
			for i := range n {
				c[2] <- i
			}
			close(done)
		}()
		for range n {
			select {
			case v := <-c[0]:
				sum += v
			case v := <-c[1]:
				sum += v
			case v := <-c[2]:
				sum += v
			case v := <-c[3]:
				sum += v
			}
		}
		<-done
	})
}
