package dns

import (
	"encoding/binary"
	"errors"

	"golang.org/x/net/dns/dnsmessage"
)

// MaxDatagram is the size of the largest answer that a question asks for over UDP:
// what passes the net in one piece practically everywhere (DNS flag day 2020).
const MaxDatagram = 1232

// The errors say what is wrong with a question or a reply, in the words that the
// standard library uses for it.
var (
	// ErrNotFound says that there is no such name, or nothing of the kind asked for.
	ErrNotFound = errors.New("no such host")
	// ErrQuestion says that the name cannot be put in a message.
	ErrQuestion = errors.New("cannot marshal DNS message")
	// ErrGarbled says that a packet is not a message, or breaks off.
	ErrGarbled = errors.New("cannot unmarshal DNS message")
	// ErrForeign says that a message is not a reply to the question.
	ErrForeign = errors.New("invalid DNS response")
	// ErrInvalid says that a reply to the question replies to more than that.
	ErrInvalid = errors.New("invalid DNS response")
	// ErrLame says that the server does not know and names nobody who does.
	ErrLame = errors.New("lame referral")
	// ErrServer says that the server failed, this time.
	ErrServer = errors.New("server misbehaving")
	// ErrRefused says that the server has an answer that makes no sense here.
	ErrRefused = errors.New("server misbehaving")
	// ErrTruncated says that no way was left to get the whole of an answer.
	ErrTruncated = errors.New("no answer from DNS server")
)

// Query is one question, packed.
type Query struct {
	id       uint16
	question dnsmessage.Question
	// packet is the message behind the two bytes that give its length in a stream.
	packet []byte
}

// NewQuery packs the question for the records of one type that a rooted name has.
// The id should be hard to guess; a forger has to. trustAD sets the AD bit. The
// error is [ErrQuestion].
func NewQuery(id uint16, name string, kind dnsmessage.Type, trustAD bool) (*Query, error) {
	n, err := dnsmessage.NewName(name)
	if err != nil {
		return nil, ErrQuestion
	}
	q := &Query{id: id, question: dnsmessage.Question{Name: n, Type: kind, Class: dnsmessage.ClassINET}}
	var opt dnsmessage.ResourceHeader
	err = opt.SetEDNS0(MaxDatagram, dnsmessage.RCodeSuccess, false)
	b := dnsmessage.NewBuilder(make([]byte, 2, 2+512), dnsmessage.Header{ID: id, RecursionDesired: true, AuthenticData: trustAD})
	for _, step := range []func() error{
		b.StartQuestions,
		func() error { return b.Question(q.question) },
		b.StartAdditionals,
		func() error { return b.OPTResource(opt, dnsmessage.OPTResource{}) },
		func() (err error) { q.packet, err = b.Finish(); return err },
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		return nil, ErrQuestion
	}
	binary.BigEndian.PutUint16(q.packet, uint16(len(q.packet)-2))
	return q, nil
}

// Datagram returns the question as it is sent over UDP.
func (q *Query) Datagram() []byte { return q.packet[2:] }

// Stream returns the question as it is sent over TCP, its length first.
func (q *Query) Stream() []byte { return q.packet }

// Match reads a packet as the reply to the question. [ErrGarbled] says that it is no
// message, [ErrForeign] that it is not a reply to this question; from a datagram
// either may be somebody's forgery, and is to be ignored. [ErrInvalid] is the server's
// own mistake.
func (q *Query) Match(packet []byte) (*Reply, error) {
	r := new(Reply)
	var err error
	if r.header, err = r.parser.Start(packet); err != nil {
		return nil, ErrGarbled
	}
	asked, err := r.parser.Question()
	if err != nil {
		return nil, ErrGarbled
	}
	if !r.header.Response || r.header.ID != q.id || asked.Type != q.question.Type ||
		asked.Class != q.question.Class || lower(asked.Name.String()) != lower(q.question.Name.String()) {
		return nil, ErrForeign
	}
	if r.parser.SkipQuestion() != dnsmessage.ErrSectionDone {
		return nil, ErrInvalid
	}
	return r, nil
}

// Reply is a message that answers a question. Its answers are read with one of the
// methods named after records, after [Reply.Seek].
type Reply struct {
	header dnsmessage.Header
	// parser stands before the first answer that has not been looked at.
	parser dnsmessage.Parser
}

// Truncated tells whether the server has more to say than fitted.
func (r *Reply) Truncated() bool { return r.header.Truncated }

// Seek finds the first answer of a type. The error is [ErrNotFound], which is final,
// or says why another server should be asked: [ErrServer], [ErrRefused], [ErrLame],
// [ErrGarbled].
func (r *Reply) Seek(kind dnsmessage.Type) error {
	code, more := r.code()
	if code == dnsmessage.RCodeNameError {
		return ErrNotFound
	}
	h, err := r.parser.AnswerHeader()
	none := err == dnsmessage.ErrSectionDone
	switch {
	case err != nil && !none:
		return ErrGarbled
	case code == dnsmessage.RCodeServerFailure:
		return ErrServer
	case code != dnsmessage.RCodeSuccess:
		return ErrRefused
	case none && !more && !r.header.Authoritative && !r.header.RecursionAvailable:
		return ErrLame
	}
	for err == nil && h.Type != kind {
		if err = r.parser.SkipAnswer(); err == nil {
			h, err = r.parser.AnswerHeader()
		}
	}
	switch err {
	case nil:
		return nil
	case dnsmessage.ErrSectionDone:
		return ErrNotFound
	}
	return ErrGarbled
}

// code returns the reply's code, of which EDNS0 keeps the upper bits in an
// additional record, and whether there are additional records.
func (r *Reply) code() (code dnsmessage.RCode, more bool) {
	p := r.parser // a copy: r is left where it is
	code = r.header.RCode
	if p.SkipAllAnswers() != nil || p.SkipAllAuthorities() != nil {
		return code, false
	}
	for {
		h, err := p.AdditionalHeader()
		if err != nil {
			return code, more
		}
		more = true
		if h.Type == dnsmessage.TypeOPT {
			return h.ExtendedRCode(code), more
		}
		if p.SkipAdditional() != nil {
			return code, more
		}
	}
}
