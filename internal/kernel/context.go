package kernel

import (
	"cmp"
	"context"
	"slices"
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
