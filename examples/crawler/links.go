package main

import (
	"errors"
	"io"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// document is what the crawler wants to know of an HTML page. References are as written, with entities
// decoded, in the order of the page.
type document struct {
	base       string // of <base href>, empty without one
	references []string
	nofollow   bool // the page asks robots not to follow its links
}

// assets are the relations of a <link> that name a part of the page, or a service, rather than another page.
var assets = map[string]bool{
	"stylesheet": true, "icon": true, "apple-touch-icon": true, "mask-icon": true, "manifest": true,
	"preload": true, "modulepreload": true, "dns-prefetch": true, "preconnect": true, "pingback": true,
}

// scan reads an HTML page to its end and gathers its references. After an error of the reader it
// returns what it has found so far beside the error.
//
// The page is cut into tags as it arrives, without being held as a whole: a page of any size costs the memory
// of its longest tag. Reading waits, so scan is a checkpoint when r is the body of an answer.
func scan(r io.Reader) (document, error) {
	var d document
	z := html.NewTokenizer(r)
	for {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); !errors.Is(err, io.EOF) {
				return d, err
			}
			return d, nil
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			switch tag := string(name); tag {
			case "noscript", "noframes":
				z.NextIsNotRawText() // we have neither scripts nor frames: what is in there is for us
			case "a", "area", "base", "link", "frame", "iframe", "meta":
				if more {
					d.tag(tag, attributes(z))
				}
			}
		}
	}
}

// attributes reads the attributes of the tag just seen. The first of two with one name counts.
func attributes(z *html.Tokenizer) map[string]string {
	found := make(map[string]string, 4)
	for more := true; more; {
		var key, value []byte
		key, value, more = z.TagAttr()
		if _, double := found[string(key)]; !double {
			found[string(key)] = string(value)
		}
	}
	return found
}

// tag takes from one tag what it says about other pages.
func (d *document) tag(name string, attributes map[string]string) {
	switch name {
	case "a", "area":
		d.refer(attributes, "href")
	case "frame", "iframe":
		d.refer(attributes, "src")
	case "link":
		for relation := range strings.FieldsSeq(strings.ToLower(attributes["rel"])) {
			if assets[relation] {
				return
			}
		}
		d.refer(attributes, "href")
	case "base":
		if d.base == "" {
			d.base = attributes["href"]
		}
	case "meta":
		d.meta(attributes)
	}
}

// refer notes the reference in an attribute, if the tag has it. An empty one is a reference too: to the
// page itself.
func (d *document) refer(attributes map[string]string, key string) {
	if value, ok := attributes[key]; ok {
		d.references = append(d.references, value)
	}
}

// meta understands <meta name=robots content="... nofollow ..."> and <meta http-equiv=refresh content="5;
// url=next">.
func (d *document) meta(attributes map[string]string) {
	content := attributes["content"]
	if strings.EqualFold(attributes["name"], "robots") {
		for word := range strings.FieldsFuncSeq(strings.ToLower(content), func(r rune) bool { return r == ',' || r == ' ' }) {
			d.nofollow = d.nofollow || word == "nofollow" || word == "none"
		}
	}
	if strings.EqualFold(attributes["http-equiv"], "refresh") {
		if target, ok := refreshTarget(content); ok {
			d.references = append(d.references, target)
		}
	}
}

// refreshTarget takes the address out of `5; URL='next.html'`. Without one a page reloads itself.
func refreshTarget(content string) (string, bool) {
	i := strings.IndexAny(content, ";,")
	if i < 0 {
		return "", false
	}
	target := strings.TrimSpace(content[i+1:])
	if len(target) >= 3 && strings.EqualFold(target[:3], "url") {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(target[3:]), "="); ok {
			target = strings.TrimSpace(rest)
		}
	}
	if target != "" && (target[0] == '\'' || target[0] == '"') {
		quote := target[:1]
		target, _, _ = strings.Cut(target[1:], quote)
	}
	return target, target != ""
}

// baseOf is the address against which the references of a page are resolved. A <base> that makes no
// sense is as good as none.
func (d *document) baseOf(page *url.URL) *url.URL {
	if d.base == "" {
		return page
	}
	base, err := resolve(page, d.base)
	if err != nil {
		return page
	}
	return base
}
