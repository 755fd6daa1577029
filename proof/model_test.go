package proof

import (
	"slices"
	"testing"

	"github.com/anishathalye/porcupine"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// An operation is a put of a value, a get, or a shutdown.
type operation struct {
	kind  kind
	value int // of a put
}

type kind int

const (
	put kind = iota
	get
	shutdown
)

// A result is what an operation returned.
type result struct {
	value int // of a get
	ok    bool
}

// state is the sequential queue: what is in it, and whether it is shut down.
type state struct {
	items []int
	ended bool
}

// fifo is a queue for at most limit items, 0 for no limit. What waits in the real
// one does not happen here until it can.
func fifo(limit int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return state{} },
		Step: func(before, input, output any) (bool, any) {
			s, op, r := before.(state), input.(operation), output.(result)
			switch op.kind {
			case put:
				if s.ended {
					return !r.ok, s
				}
				return r.ok && (limit == 0 || len(s.items) < limit), state{append(slices.Clone(s.items), op.value), false}
			case get:
				if len(s.items) == 0 {
					return !r.ok && s.ended, s
				}
				return r.ok && r.value == s.items[0], state{s.items[1:], s.ended}
			default:
				return true, state{s.items, true}
			}
		},
		Equal: func(a, b any) bool {
			x, y := a.(state), b.(state)
			return x.ended == y.ended && slices.Equal(x.items, y.items)
		},
	}
}

// history notes when operations were called and returned, by a counter in the place
// of a clock: there is one thing at a time in a loop.
type history struct {
	now int64
	ops []porcupine.Operation
}

// do makes one operation of a client.
func (h *history) do(client int, op operation, f func() result) result {
	h.now++
	called := h.now
	r := f()
	h.now++
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: op, Call: called, Output: r, Return: h.now})
	return r
}

// The checker must find fault with what is wrong, or it proves nothing.
func TestModelFindsFault(t *testing.T) {
	op := func(client int, kind kind, value int, r result, call, ret int64) porcupine.Operation {
		return porcupine.Operation{ClientId: client, Input: operation{kind, value}, Output: r, Call: call, Return: ret}
	}
	yes := result{0, true}
	for name, c := range map[string]struct {
		good bool
		ops  []porcupine.Operation
	}{
		"in order":       {true, []porcupine.Operation{op(0, put, 1, yes, 1, 2), op(0, put, 2, yes, 3, 4), op(1, get, 0, result{1, true}, 5, 6)}},
		"out of order":   {false, []porcupine.Operation{op(0, put, 1, yes, 1, 2), op(0, put, 2, yes, 3, 4), op(1, get, 0, result{2, true}, 5, 6)}},
		"at once":        {true, []porcupine.Operation{op(0, put, 1, yes, 1, 4), op(2, put, 2, yes, 2, 3), op(1, get, 0, result{2, true}, 5, 6)}},
		"twice":          {false, []porcupine.Operation{op(0, put, 1, yes, 1, 2), op(1, get, 0, result{1, true}, 3, 4), op(1, get, 0, result{1, true}, 5, 6)}},
		"from nowhere":   {false, []porcupine.Operation{op(1, get, 0, result{7, true}, 1, 2)}},
		"over the limit": {false, []porcupine.Operation{op(0, put, 1, yes, 1, 2), op(0, put, 2, yes, 3, 4), op(0, put, 3, yes, 5, 6)}},
		"after the end":  {false, []porcupine.Operation{op(0, shutdown, 0, yes, 1, 2), op(0, put, 1, yes, 3, 4)}},
		"ended too soon": {false, []porcupine.Operation{op(0, put, 1, yes, 1, 2), op(0, shutdown, 0, yes, 3, 4), op(0, get, 0, result{}, 5, 6)}},
	} {
		if got := porcupine.CheckOperations(fifo(2), c.ops); got != c.good {
			t.Errorf("%s: the checker says %v", name, got)
		}
	}
}
