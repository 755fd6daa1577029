package kernel

import (
	"errors"
	"os"
	"os/signal"
)

// NewInterruptError makes the public error of a run that a signal has interrupted.
// Package runtime sets it.
var NewInterruptError = func(sig os.Signal) error {
	return errors.New("evergreen: interrupted by the signal " + sig.String())
}

// interruption is how a run heeds the signals of Config.Interrupt.
//
// The first cancels the scope that main was born in, and main ends in its own time. It
// is the program's main that knows in what order things are to end; free tasks run on
// until it has ended, because it may need them for that, and are killed then. The second
// stops the loop. From the third on signals have the effect that they have without all
// this: a program that hangs can still be ended from the keyboard.
type interruption struct {
	taker *signalTaker
	// scope is around main, nil where there is no main, or no more.
	scope *Scope
	// err is what the run was interrupted by, nil for nothing.
	err error
}

// heedInterrupts begins to listen. A signal that the program was told to ignore when it
// was started, as nohup does, stays ignored.
func (l *Loop) heedInterrupts() {
	l.interruption = interruption{}
	var sigs []os.Signal
	for _, sig := range l.config.Interrupt {
		if !signal.Ignored(sig) {
			sigs = append(sigs, sig)
		}
	}
	if len(sigs) == 0 {
		return // none named would mean all
	}
	count := 0
	l.interruption.taker = takeSignals(sigs, func(s *signalTaker, sig os.Signal) {
		if count++; count == 1 {
			_ = l.post(call{f: func() { l.interrupted(sig) }})
			return
		}
		s.stop()
		l.Stop()
	})
}

// around returns the scope for main to be born in, nil where no signal can cancel it.
func (i *interruption) around(l *Loop) *Scope {
	if i.taker == nil {
		return nil
	}
	i.scope = &Scope{loop: l, MembersEnded: l.mainEnded}
	i.scope.timer.Owner = i.scope
	return i.scope
}

// interrupted is called by the holder of the baton for the first signal.
func (l *Loop) interrupted(sig os.Signal) {
	i := &l.interruption
	if l.over() {
		return // too late to interrupt anything
	}
	i.err = NewInterruptError(sig)
	if i.scope != nil {
		i.scope.Cancel(i.err)
		return
	}
	l.failures.fatal(i.err)
}

// mainEnded is called when main has ended. If that was an interruption, so does the run.
func (l *Loop) mainEnded(t *Task) {
	i := &l.interruption
	i.scope.Leave()
	i.scope = nil
	if i.err == nil {
		return
	}
	if errors.Is(t.err, i.err) {
		t.observed = true // it is said below
	}
	l.failures.fatal(i.err)
}

// ignoreInterrupts ends the listening. When it returns no signal reaches the loop, and
// so none can stop the next run.
func (l *Loop) ignoreInterrupts() {
	if s := l.interruption.taker; s != nil {
		s.stop()
		<-s.ended
	}
}
