package net

import (
	"context"
	stdnet "net"
	"reflect"
	"sync"
)

// trace is what net/http/httptrace wants to be told of a dial. It hands its functions
// to the standard library's net by the value of a context, whose key and type are in
// an internal package. They cannot be named here, but they can be seen: the key when
// the standard net asks for it, the fields because they are exported. (Importing
// httptrace in order to ask it would bring in crypto/tls.)
//
// If a Go version does this in another way there are no traces, and the tests fail.
type trace struct {
	dnsStart     func(name string)
	dnsDone      func(addrs []any, coalesced bool, err error)
	connectStart func(network, address string)
	connectDone  func(network, address string, err error)
}

// traceKey is the key of the context, nil if it is not known. It is found once.
var traceKey = sync.OnceValue(func() any {
	var asked spy
	asked.Context = context.Background()
	var d stdnet.Dialer
	// There is no such network, so it fails without doing anything; it looks for a trace
	// before that.
	_, _ = d.DialContext(&asked, "none", "")
	return asked.key
})

// A spy is a context that notes the key by which a trace is asked for.
type spy struct {
	context.Context
	key any
}

func (s *spy) Value(key any) any {
	if reflect.TypeOf(key).PkgPath() == "internal/nettrace" {
		s.key = key
	}
	return s.Context.Value(key)
}

// traceOf returns the trace in a context, nil if there is none.
func traceOf(ctx context.Context) *trace {
	key := traceKey()
	if key == nil {
		return nil
	}
	v := reflect.ValueOf(ctx.Value(key))
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	t := new(trace)
	take(v, "DNSStart", &t.dnsStart)
	take(v, "DNSDone", &t.dnsDone)
	take(v, "ConnectStart", &t.connectStart)
	take(v, "ConnectDone", &t.connectDone)
	return t
}

// take sets f to a field of what v points at, if it has the type and is not nil.
func take[F any](v reflect.Value, name string, f *F) {
	if field := v.Elem().FieldByName(name); field.IsValid() && field.CanInterface() {
		*f, _ = field.Interface().(F)
	}
}

// untraced returns the context without its trace, for what is done on the way to an
// address: the connections to name servers are not those that were asked for.
func untraced(ctx context.Context) context.Context { return context.WithValue(ctx, traceKey(), nil) }

// connect tells of an attempt to connect, and returns what is to be told its end.
func (t *trace) connect(network string, a Addr) (done func(error)) {
	if t == nil {
		return func(error) {}
	}
	address := a.String()
	if t.connectStart != nil {
		t.connectStart(network, address)
	}
	return func(err error) {
		if t.connectDone != nil {
			t.connectDone(network, address, err)
		}
	}
}

// lookup tells of a look-up, and returns what is to be told its end.
func (t *trace) lookup(name string) (done func(all []IPAddr, coalesced bool, err error)) {
	if t.dnsStart != nil {
		t.dnsStart(name)
	}
	return func(all []IPAddr, coalesced bool, err error) {
		if t.dnsDone == nil {
			return
		}
		addrs := make([]any, len(all))
		for i, a := range all {
			addrs[i] = a
		}
		t.dnsDone(addrs, coalesced, err)
	}
}
