//go:build linux

package main

import "testing"

const wrkSays = `Running 1s test @ http://127.0.0.1:1/hello
  1 threads and 100 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.21ms    2.05ms  25.23ms   91.20%
    Req/Sec    99.12k     4.55k  105.11k    80.00%
  Latency Distribution
     50%  720.00us
     75%    1.13ms
     90%    2.64ms
     99%   10.61ms
  98624 requests in 1.00s, 14.01MB read
Requests/sec:  98512.31
Transfer/sec:     14.00MB
`

func TestReadWrk(t *testing.T) {
	s, err := readWrk([]byte(wrkSays))
	if err != nil || s[rate] != 98512.31 || s[p50] != 720 || s[p99] != 10610 {
		t.Errorf("read %v (%v)", s, err)
	}
	for _, text := range []string{"", "unable to connect", wrkSays + "  Non-2xx or 3xx responses: 7\n"} {
		if _, err := readWrk([]byte(text)); err == nil {
			t.Errorf("no error of %q", text)
		}
	}
}
