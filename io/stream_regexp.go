package io

import (
	"errors"
	"regexp"
)

// ErrNoMatch says that what [StreamReader.ReadUntilRegexp] waits for cannot come any
// more, because the expression is anchored and the data begin otherwise. The data stay in
// the stream.
var ErrNoMatch = errors.New("evergreen: the data cannot match the anchored expression any more: take them with another call")

// ReadUntilRegexp reads up to and including the first match of the expression. The match
// is the one that re.FindIndex would find in all the data from here to their end: the
// leftmost, and of those that begin there the one preferred by the expression. However
// the data come in pieces, the result is the same.
//
// It returns as soon as nothing that may follow could change the match. So "\r?\n"
// ends with its \n, "[0-9]+" when something else follows the digits or the data end,
// "a|ab" at the a. \b and $ look at the character that follows, and wait for it; it is
// not read. An expression such as "(?s).*\n" is greedy over everything, and waits for
// the end of the data: write "(?s).*?\n". ^ and \A match where the call begins; where an
// expression that begins with one of them cannot match any more, [ErrNoMatch] is
// returned at once. One that matches nothing at all returns no bytes, without an error.
//
// What follows the first bytes of the read limit is not looked at: without a final match
// in them the call fails with [ErrTooLong]. At the end of the data see [StreamReader]. It
// panics where re prefers the longest match (CompilePOSIX, Longest). It is a checkpoint;
// nothing is lost when the task is cancelled.
func (s *StreamReader) ReadUntilRegexp(re *regexp.Regexp) ([]byte, error) {
	if err := s.begin("Stream.ReadUntilRegexp"); err != nil {
		return nil, err
	}
	defer s.end()
	if s.match == nil || s.match.expr != re {
		s.match = newMatcher(re)
	}
	if err := s.want(1); err != nil {
		return nil, err
	}
	m := s.match
	m.reset()
	before := m.examined
	defer func() { s.examined += m.examined - before }()
	over := false
	for {
		text := s.buf[s.r:s.w]
		full := len(text) >= s.limit
		if full {
			text = text[:s.limit]
		}
		switch m.feed(text, over) {
		case matched:
			return s.take(m.end), nil
		case hopeless:
			if !over {
				return nil, ErrNoMatch
			}
			return s.rest(EOF)
		}
		if full {
			return nil, ErrTooLong
		}
		if err := s.fill(); err == EOF {
			over = true
			s.err = EOF // it is not asked for again
		} else if err != nil {
			return nil, err
		}
	}
}
