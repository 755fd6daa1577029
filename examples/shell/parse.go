package main

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// command is one program of a pipeline.
type command struct {
	words    []string
	in, out  string // files, "" for none
	appended bool   // to out
}

// line is what one line says.
type line struct {
	text       string
	commands   []command
	background bool
}

var (
	errQuote = errors.New("a quotation mark is not closed")
	errEmpty = errors.New("a command is missing")
	errFile  = errors.New("the name of a file is missing")
	errAnd   = errors.New("& belongs at the end")
)

// token is a word, or one of | < > >> & where it is not quoted.
type token struct {
	text    string
	special bool
}

// split finds the tokens of a line.
func split(text string) (tokens []token, err error) {
	var word strings.Builder
	begun, quote := false, rune(0)
	end := func() {
		if begun {
			tokens = append(tokens, token{text: word.String()})
		}
		word.Reset()
		begun = false
	}
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		if quote == 0 && strings.HasPrefix(text, ">>") {
			size = 2
		}
		part := text[:size]
		text = text[size:]
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, begun = r, true
		case unicode.IsSpace(r):
			end()
		case strings.ContainsRune("|<>&", r):
			end()
			tokens = append(tokens, token{part, true})
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, errQuote
	}
	end()
	return tokens, nil
}

// parse reads a line.
func parse(text string) (line, error) {
	l := line{text: strings.TrimSpace(text)}
	tokens, err := split(text)
	if err != nil || len(tokens) == 0 {
		return l, err
	}
	var c command
	for i := 0; i < len(tokens); i++ {
		switch t := tokens[i]; {
		case !t.special:
			c.words = append(c.words, t.text)
		case t.text == "|":
			if len(c.words) == 0 {
				return l, errEmpty
			}
			l.commands = append(l.commands, c)
			c = command{}
		case t.text == "&":
			if i != len(tokens)-1 {
				return l, errAnd
			}
			l.background = true
		default:
			if i++; i == len(tokens) || tokens[i].special {
				return l, errFile
			}
			if t.text == "<" {
				c.in = tokens[i].text
			} else {
				c.out, c.appended = tokens[i].text, t.text == ">>"
			}
		}
	}
	if len(c.words) == 0 {
		return l, errEmpty
	}
	l.commands = append(l.commands, c)
	return l, nil
}
