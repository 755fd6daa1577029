package net_test

import (
	"fmt"
	stdnet "net"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net"
)

// Each method of a zero value returns what the standard library's does, with arguments
// that are zero too, and never panics, also where that does.
func TestZeroValuesFailAsTheStandardOnesDo(t *testing.T) {
	for _, pair := range [][2]any{
		{new(net.TCPConn), new(stdnet.TCPConn)},
		{new(net.UDPConn), new(stdnet.UDPConn)},
		{new(net.IPConn), new(stdnet.IPConn)},
		{new(net.UnixConn), new(stdnet.UnixConn)},
		{new(net.TCPListener), new(stdnet.TCPListener)},
		{new(net.UnixListener), new(stdnet.UnixListener)},
	} {
		ours, theirs := reflect.ValueOf(pair[0]), reflect.ValueOf(pair[1])
		methods := 0
		run(t, func() {
			for m := range theirs.Type().Methods() {
				methods++
				for _, fill := range []bool{false, true} {
					want, broken := call(theirs, m.Name, fill)
					got, panicked := call(ours, m.Name, fill)
					switch {
					case panicked:
						t.Errorf("%T.%s panics: %s", pair[0], m.Name, got)
					case !broken && got != want:
						t.Errorf("%T.%s returns %s, want %s", pair[0], m.Name, got, want)
					}
				}
			}
		})
		if methods < 5 {
			t.Errorf("%T has %d methods only", pair[1], methods)
		}
	}
}

// call calls a method with zero values, or with some that are not.
func call(on reflect.Value, method string, fill bool) (returned string, panicked bool) {
	defer func() {
		if p := recover(); p != nil {
			returned, panicked = fmt.Sprint(p), true
		}
	}()
	m := on.MethodByName(method)
	var args []reflect.Value
	for i := range m.Type().NumIn() {
		args = append(args, argument(m.Type().In(i), fill))
	}
	for _, r := range m.Call(args) {
		if err, ok := r.Interface().(error); ok {
			returned += fmt.Sprintf("%T %v; ", err, err)
			continue
		}
		returned += fmt.Sprintf("%v; ", r.Interface())
	}
	return returned, false
}

func argument(t reflect.Type, fill bool) reflect.Value {
	v := reflect.Zero(t)
	if !fill {
		return v
	}
	for _, one := range []any{
		[]byte("x"), &stdnet.UDPAddr{IP: stdnet.IPv4(127, 0, 0, 1), Port: 9}, &stdnet.IPAddr{}, &stdnet.UnixAddr{Name: "@none", Net: "unix"},
		netip.MustParseAddrPort("127.0.0.1:9"), time.Now(), true, 1,
	} {
		if reflect.TypeOf(one).AssignableTo(t) && t.Kind() != reflect.Interface {
			return reflect.ValueOf(one)
		}
	}
	return v
}

// A Buffers of nothing and a nil one write nothing, to whoever.
func TestZeroBuffers(t *testing.T) {
	run(t, func() {
		for _, v := range []net.Buffers{nil, {}, {nil}, {{}, nil, {}}} {
			if n, err := v.WriteTo(new(net.TCPConn)); n != 0 || err == nil {
				t.Errorf("to a zero TCPConn: %d, %v; want an error", n, err)
			}
		}
	})
}
