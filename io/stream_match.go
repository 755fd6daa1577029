package io

import (
	"bytes"
	"reflect"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// matcher searches data that come in pieces for the leftmost match of an expression. It
// keeps its place between the pieces, so that it looks at every byte once.
//
// Package regexp can search a stream too, but needs up to two characters more than the
// match to know that it has found it, and a peer that waits for our answer does not send
// them. So the compiled program is run here, as Rob Pike's and Ken Thompson's machine
// does: all threads go through the text in step, in the order in which a backtracking
// search would try them. Since only the end of the match is wanted, a thread is no more
// than a place in the program. A match is final when no thread before it in that order
// is alive; those behind it are dropped. See Russ Cox, "Regular Expression Matching: the
// Virtual Machine Approach", 2009.
type matcher struct {
	// expr is what the program was compiled from.
	expr *regexp.Regexp
	prog *syntax.Prog
	// prefix is what every match begins with, if that is known: it is found faster.
	prefix []byte
	// anchored tells that a match can only begin at the beginning.
	anchored bool

	// pos is how far the text has been looked at, prev the character before that, -1 for
	// none. end is where the best match so far ends, -1 for none.
	pos, end int
	prev     rune
	// stepped are the threads at pos, by priority. From them closed is made for the
	// character at pos: the instructions that take one.
	stepped, closed []uint32
	// marks tells which instructions have been reached at pos: those marked with round.
	marks []uint32
	round uint32
	// stack is for walking the program.
	stack []uint32
	// examined counts the bytes looked at.
	examined int
}

// verdict is what a matcher says of the text so far.
type verdict uint8

const (
	// undecided: it depends on what follows.
	undecided verdict = iota
	// matched: end is where the match ends, whatever follows.
	matched
	// hopeless: there is no match, whatever follows.
	hopeless
)

// newMatcher compiles the expression again, as regexp.Compile did.
func newMatcher(expr *regexp.Regexp) *matcher {
	if longest := reflect.ValueOf(expr).Elem().FieldByName("longest"); longest.IsValid() && longest.Bool() {
		panic("evergreen: ReadUntilRegexp takes no expression of CompilePOSIX or with Longest, since the longest match is only known at the end of the data: make it with regexp.Compile")
	}
	tree, err := syntax.Parse(expr.String(), syntax.Perl)
	if err != nil {
		panic("evergreen: an expression that was compiled cannot be parsed: " + err.Error())
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		panic("evergreen: an expression that was compiled cannot be compiled: " + err.Error())
	}
	prefix, _ := expr.LiteralPrefix()
	m := &matcher{
		expr: expr, prog: prog, prefix: []byte(prefix),
		anchored: prog.StartCond()&syntax.EmptyBeginText != 0,
		marks:    make([]uint32, len(prog.Inst)),
	}
	return m
}

// reset begins a new text.
func (m *matcher) reset() {
	m.pos, m.end, m.prev = 0, -1, -1
	m.stepped = m.stepped[:0]
}

// feed goes on with the text, of which text is all there is, from its beginning; over
// tells that nothing follows.
func (m *matcher) feed(text []byte, over bool) verdict {
	for {
		if len(m.stepped) == 0 && m.end < 0 {
			if m.anchored && m.pos > 0 {
				return hopeless
			}
			if !m.skip(text) {
				return outcome(over)
			}
		}
		r, width, known := next(text[m.pos:], over)
		if !m.close(r, known) {
			return undecided
		}
		switch {
		case len(m.closed) == 0 && m.end >= 0:
			return matched
		case !known:
			return undecided
		case width == 0 && m.end >= 0:
			return matched
		case width == 0:
			return hopeless
		}
		m.step(r)
		m.examined += width
		m.pos += width
		m.prev = r
	}
}

func outcome(over bool) verdict {
	if over {
		return hopeless
	}
	return undecided
}

// next returns the first character of the text and its width, -1 and 0 at the end;
// known tells that what follows cannot change that.
func next(text []byte, over bool) (r rune, width int, known bool) {
	switch {
	case len(text) == 0:
		return -1, 0, over
	case text[0] < utf8.RuneSelf:
		return rune(text[0]), 1, true
	case !over && !utf8.FullRune(text):
		return -1, 0, false
	}
	r, width = utf8.DecodeRune(text)
	return r, width, true
}

// skip goes on to where a match can begin, and tells whether there is such a place.
func (m *matcher) skip(text []byte) bool {
	if len(m.prefix) == 0 || m.anchored {
		return true
	}
	i := bytes.Index(text[m.pos:], m.prefix)
	to := m.pos + i
	if i < 0 {
		to = max(m.pos, len(text)-len(m.prefix)+1)
	}
	m.examined += to - m.pos
	m.pos = to
	return i >= 0
}

// close follows the threads to the instructions that take a character, and notes a
// match. r is the character at pos if it is known; where a thread depends on that and it
// is not, close returns false.
func (m *matcher) close(r rune, known bool) bool {
	m.closed = m.closed[:0]
	if m.round++; m.round == 0 { // once in four thousand million
		clear(m.marks)
		m.round = 1
	}
	holds := syntax.EmptyOpContext(m.prev, r)
	for _, pc := range m.stepped {
		if done, enough := m.follow(pc, holds, known); done {
			return enough
		}
	}
	if m.end < 0 || m.end == m.pos { // a match found at pos may be the one that begins there
		if done, enough := m.follow(uint32(m.prog.Start), holds, known); done {
			return enough
		}
	}
	return true
}

// behind are the assertions that depend on what came before only.
const behind = syntax.EmptyBeginLine | syntax.EmptyBeginText

// follow walks the program from one thread on, in the order of priority. done tells that
// the threads behind it do not count: because a match was found, or because it is not
// known enough.
func (m *matcher) follow(from uint32, holds syntax.EmptyOp, known bool) (done, enough bool) {
	m.stack = append(m.stack[:0], from)
	for len(m.stack) > 0 {
		pc := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if m.marks[pc] == m.round {
			continue
		}
		m.marks[pc] = m.round
		switch inst := &m.prog.Inst[pc]; inst.Op {
		case syntax.InstFail:
		case syntax.InstAlt, syntax.InstAltMatch:
			m.stack = append(m.stack, inst.Arg, inst.Out)
		case syntax.InstCapture, syntax.InstNop:
			m.stack = append(m.stack, inst.Out)
		case syntax.InstEmptyWidth:
			asked := syntax.EmptyOp(inst.Arg)
			switch {
			case asked&behind&^holds != 0:
			case asked&^behind != 0 && !known:
				return true, false
			case asked&^holds == 0:
				m.stack = append(m.stack, inst.Out)
			}
		case syntax.InstMatch:
			m.end = m.pos
			return true, true
		default:
			m.closed = append(m.closed, pc)
		}
	}
	return false, true
}

// step has the threads take the character r.
func (m *matcher) step(r rune) {
	m.stepped = m.stepped[:0]
	for _, pc := range m.closed {
		inst := &m.prog.Inst[pc]
		var takes bool
		switch inst.Op {
		case syntax.InstRuneAny:
			takes = true
		case syntax.InstRuneAnyNotNL:
			takes = r != '\n'
		case syntax.InstRune1:
			takes = r == inst.Rune[0]
		default:
			takes = inst.MatchRune(r)
		}
		if takes {
			m.stepped = append(m.stepped, inst.Out)
		}
	}
}
