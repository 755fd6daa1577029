package io_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/evergreen-go/evergreen/io"
)

// streamExpressions try everything that an expression can be made of.
var streamExpressions = []string{
	`\r?\n`, `\r?\n\r?\n`, `a`, `a+`, `a+?`, `a|ab`, `ab|a`, `(a|ab)(c|bcd)`, `a*`, `a*?`, `(a*)*b`, `(a*)+`, `x*`,
	`^a`, `^ab+`, `\Aa.b`, `a$`, `(?m)a$`, `(?m)^b`, `^$`, `$`, `\z`, `^`, `(?m)$`, `a\z`,
	`\bab\b`, `\Ba`, `a\B`, `\b`, `(?:\b|x)a`, `(?s).*b`, `(?s).*?b`, `.*\n`, `[^a]+`, `[ab]{3}`, `a{2,4}`, `a{2,4}?`, `(?i)AB`,
	`é`, `é*`, `(?m)^é*`, `é+a`, `.é`, `[é-ü]+`, `\x{FFFD}`, `\x{FFFD}a`, `(?i)K`, `\pL+`, `[[:alpha:]]+\d`, `aba`, `abab`, `abac|ab`, `(?:ab)+c`, `b(?:a|$)`,
	`()`, `a||b`, `(?:a|b)*?c`, `a(?:b(?:c)?)?`, `\Bb|^a`, `[^\x00-\x{10FFFF}]`, `a[^\x00-\x{10FFFF}]|b`,
}

// streamText is text in which these expressions find something, by chance.
func streamText(draw *rand.Rand) []byte {
	var text []byte
	for range draw.IntN(24) {
		text = append(text, []string{"a", "b", "a", "b", "c", "\r", "\n", " ", "é", "\xc3", "\xa9", "K", "1", "\xff", "\ufffd", "x"}[draw.IntN(16)]...)
	}
	return text
}

// streamCompareRegexp reads matches one after the other, in pieces, and compares with
// what package regexp finds in all the data.
func streamCompareRegexp(t testing.TB, re *regexp.Regexp, data []byte, seed uint64) {
	s := io.NewStreamReader(newStreamPieces(data, seed))
	for rest := data; ; {
		got, err := s.ReadUntilRegexp(re)
		switch at := re.FindIndex(rest); {
		case len(rest) == 0:
			if len(got) > 0 || err != io.EOF {
				t.Fatalf("%s at the end of %q: %q, %v", re, data, got, err)
			}
			return
		case at == nil && err == io.ErrNoMatch:
			left, err := io.ReadAll(s)
			if !bytes.Equal(left, rest) || err != nil {
				t.Fatalf("%s gave up on %q, and left %q, %v", re, rest, left, err)
			}
			return
		case at == nil:
			if !bytes.Equal(got, rest) || err != io.ErrUnexpectedEOF {
				t.Fatalf("%s in %q found %q, %v", re, rest, got, err)
			}
			rest = nil
		case err != nil || !bytes.Equal(got, rest[:at[1]]):
			t.Fatalf("%s in %q found %q, %v; want %q", re, rest, got, err, rest[:at[1]])
		case at[1] == 0: // nothing is a match: it would be the same again
			return
		default:
			rest = rest[at[1]:]
		}
	}
}

// streamCompareLimit holds that the result under a limit does not depend on the pieces.
func streamCompareLimit(t testing.TB, re *regexp.Regexp, data []byte, seed uint64) {
	const limit = 6
	whole := io.NewStreamReader(bytes.NewReader(data), io.WithReadLimit(limit))
	want, wantErr := whole.ReadUntilRegexp(re)
	got, err := io.NewStreamReader(newStreamPieces(data, seed), io.WithReadLimit(limit)).ReadUntilRegexp(re)
	if !bytes.Equal(got, want) || err != wantErr {
		t.Fatalf("%s in %q with a limit of %d: %q, %v in pieces, %q, %v at once", re, data, limit, got, err, want, wantErr)
	}
	if err == nil {
		if at := re.FindIndex(data); at == nil || !bytes.Equal(got, data[:at[1]]) {
			t.Fatalf("%s in %q with a limit of %d: %q, want %v", re, data, limit, got, at)
		}
	}
	if err == io.ErrTooLong && len(data) < limit {
		t.Fatalf("%s in %q is called too long", re, data)
	}
}

// holds: 81, 82
func TestStreamRegexpFindsWhatIsThere(t *testing.T) {
	run(t, func() {
		for _, expression := range streamExpressions {
			re := regexp.MustCompile(expression)
			for seed := range uint64(80) {
				data := streamText(rand.New(rand.NewPCG(seed, 3)))
				if streamCompareRegexp(t, re, data, seed); t.Failed() {
					return
				}
				streamCompareLimit(t, re, data, seed)
			}
		}
	})
}

// holds: 81, 82
func FuzzStreamRegexp(f *testing.F) {
	for i, expression := range streamExpressions {
		f.Add(expression, streamText(rand.New(rand.NewPCG(uint64(i), 4))), uint64(i))
	}
	f.Fuzz(func(t *testing.T, expression string, data []byte, seed uint64) {
		if len(data) > 200 || len(expression) > 50 {
			return
		}
		re, err := regexp.Compile(expression)
		if err != nil {
			return
		}
		run(t, func() {
			streamCompareRegexp(t, re, data, seed)
			streamCompareLimit(t, re, data, seed)
		})
	})
}

// A match is returned when nothing can change it any more, and not before. A peer that
// waits for an answer sends nothing until then.
func TestStreamRegexpReturnsWhenItIsCertain(t *testing.T) {
	for _, c := range []struct{ expression, text, want string }{
		{`\r?\n`, "line\r\n", "line\r\n"},
		{`a|ab`, "a", "a"},
		{`ab|a`, "a", ""},
		{`ab|a`, "ac", "a"},
		{`a+`, "aa", ""},
		{`a+`, "aab", "aa"},
		{`a+?`, "aa", "a"},
		{`a+b`, "aab", "aab"},
		{`[0-9]{3}`, "123", "123"},
		{`(?i)ok `, "Ok ", "Ok "},
		{`> $`, "> ", ""},
		{`(?m)a$`, "a\n", "a"},
		{`(?m)a$`, "ab", ""},
		{`\bab\b`, "ab", ""},
		{`\bab\b`, "ab ", "ab"},
		{`(?s).*\n`, "a\nb\n", ""},
		{`(?s).*?\n`, "a\nb\n", "a\n"},
		{`é`, "\xc3", ""},
		{`é`, "\xc3\xa9", "é"},
		{`.`, "\xff", "\xff"},
		{`x*`, "a", ""},
		{`^a|^b`, "b", "b"},
		{`login: |password: `, "user\nlogin: ", "user\nlogin: "},
	} {
		run(t, func() {
			re := regexp.MustCompile(c.expression)
			for _, wrap := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader} {
				tail := streamTails{c.text}
				got, err := io.NewStreamReader(wrap(&tail)).ReadUntilRegexp(re)
				if c.want == "" && c.expression != "x*" && err != errStreamWaits || string(got) != c.want {
					t.Errorf("%s in %q, and it may go on: %q, %v; want %q", re, c.text, got, err, c.want)
				}
			}
		})
	}
}

// An anchored expression that cannot match any more says so, before the peer has sent more.
func TestStreamRegexpGivesUp(t *testing.T) {
	run(t, func() {
		for _, expression := range []string{`^OK\n`, `\AOK`, `^(?:OK|ER)`} {
			s := io.NewStreamReader(&streamTails{"O", "H", "NO"})
			for range 2 {
				if p, err := s.ReadUntilRegexp(regexp.MustCompile(expression)); p != nil || err != io.ErrNoMatch {
					t.Errorf("%s: %q, %v", expression, p, err)
				}
			}
			if p, err := s.ReadBytes(4); string(p) != "OHNO" || err != nil {
				t.Errorf("%s: %q, %v", expression, p, err)
			}
		}
	})
}

// What prefers the longest match is refused: that the match is final would not be known.
func TestStreamRegexpRefusesLongest(t *testing.T) {
	longest := regexp.MustCompile("a|ab")
	longest.Longest()
	run(t, func() {
		for _, re := range []*regexp.Regexp{longest, regexp.MustCompilePOSIX("a|ab")} {
			func() {
				defer func() {
					if r := recover(); !strings.Contains(fmt.Sprint(r), "longest") {
						t.Errorf("%v", r)
					}
				}()
				_, _ = io.NewStreamReader(strings.NewReader("ab")).ReadUntilRegexp(re)
			}()
		}
	})
}
