package kernel

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// follower is the context that a scope follows, and the how manieth it is.
type follower struct {
	ctx context.Context
	seq uint64
}

// Follow cancels the scope with the context's cause when the context is done. stop
// ends that; it belongs to the loop.
func (s *Scope) Follow(ctx context.Context) (stop func()) {
	if ctx.Err() != nil {
		s.Cancel(context.Cause(ctx))
		return func() {}
	}
	if ctx.Done() == nil {
		return func() {}
	}
	l := s.loop
	l.followed++
	l.contexts[s] = follower{ctx, l.followed}
	end := context.AfterFunc(ctx, func() {
		// Refused only once the loop is over, and the scope with it.
		_, _ = l.CallThreadsafe(func() { s.Cancel(context.Cause(ctx)) })
	})
	return func() {
		delete(l.contexts, s)
		end()
	}
}

// heedContexts cancels the scopes whose contexts are done, where the news is still
// on its way, and tells whether there was one. The virtual clock must not jump
// ahead of what a task has cancelled already.
func (l *Loop) heedContexts() bool {
	var done []*Scope
	for s, f := range l.contexts {
		if f.ctx.Err() != nil && !s.Canceled() {
			done = append(done, s)
		}
	}
	// In order of their beginning, so that the schedule does not hang on the map's.
	slices.SortFunc(done, func(a, b *Scope) int { return cmp.Compare(l.contexts[a].seq, l.contexts[b].seq) })
	for _, s := range done {
		s.Cancel(context.Cause(l.contexts[s].ctx))
	}
	return len(done) > 0
}

// Watcher is told that what it watches is over.
type Watcher interface {
	// Over is called once, by the holder of the baton, with the error that calls in the
	// block fail with, or that the task ended with; nil where all was well.
	Over(err error)
}

// Watch is a place in a task's list of watchers.
type Watch struct {
	task *Task
	who  Watcher
	// scope is the innermost scope that the task was in when the watch began; with
	// block, that being over ends the watch, else only the task's end does.
	scope *Scope
	block bool

	prev, next *Watch
}

// WatchBlock has who told when the block that the task is in is cancelled or left,
// or the task is killed or ends. The task must not have been cancelled yet.
func (t *Task) WatchBlock(w *Watch, who Watcher) {
	*w = Watch{task: t, who: who, scope: t.scope, block: true}
	t.watch(w)
}

// WatchEnd has who told when the task ends.
func (t *Task) WatchEnd(w *Watch, who Watcher) {
	*w = Watch{task: t, who: who}
	t.watch(w)
}

func (t *Task) watch(w *Watch) {
	r := t.needRare()
	if w.next = r.watches; w.next != nil {
		w.next.prev = w
	}
	r.watches = w
}

// Stop ends the watch.
func (w *Watch) Stop() {
	switch {
	case w.task == nil:
		return
	case w.prev != nil:
		w.prev.next = w.next
	default:
		w.task.rare.watches = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	}
	w.task, w.prev, w.next = nil, nil, nil
}

// BlockWatcher returns who watches the block that the task is in, nil for nobody.
func (t *Task) BlockWatcher() Watcher {
	for w := t.needRare().watches; w != nil; w = w.next {
		if w.block && w.scope == t.scope {
			return w.who
		}
	}
	return nil
}

// tellWatches ends the watches over blocks that are cancelled.
func (t *Task) tellWatches() {
	for w := t.rare.watches; w != nil; {
		next := w.next
		if w.block {
			if cause := t.governing(w.scope); cause != nil {
				w.Stop()
				w.who.Over(cause.Err())
			}
		}
		w = next
	}
}

// unwatch ends the watches over a block that is left.
func (t *Task) unwatch(s *Scope) {
	for w := t.rare.watches; w != nil; {
		next := w.next
		if w.block && w.scope == s {
			w.Stop()
			w.who.Over(nil)
		}
		w = next
	}
}

// unwatchAll ends the watches at the end of the task.
func (t *Task) unwatchAll(err error) {
	for w := t.rare.watches; w != nil; w = t.rare.watches {
		w.Stop()
		w.who.Over(err)
	}
}

// BlockDeadline returns the earliest deadline of the blocks that the task is in and
// whose end it would feel. A virtual clock has none that means anything elsewhere.
func (t *Task) BlockDeadline() (deadline time.Time, ok bool) {
	if t.loop.config.Virtual {
		return time.Time{}, false
	}
	first := int64(0)
	for s := t.scope; s != nil && !s.shield; s = s.parent {
		if s.timer.Active() && (first == 0 || s.timer.When() < first) {
			first = s.timer.When()
		}
	}
	if first == 0 {
		return time.Time{}, false
	}
	return t.loop.epoch.Add(time.Duration(first)), true
}
