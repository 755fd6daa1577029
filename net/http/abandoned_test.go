package http_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/net/http"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// A handler may leave a function behind that still writes the answer. That ends the
// connection; what the function writes reaches no later answer.
func TestAbandonedWriterCannotSpoilAnAnswer(t *testing.T) {
	run(t, func() {
		over := make(chan struct{}, 100)
		server := &http.Server{Handler: handle(func(w http.ResponseWriter, r *http.Request) {
			_ = timeout.Run(time.Millisecond, func() error {
				_, err := task.Offload(func() (int, error) {
					defer func() { over <- struct{}{} }()
					for {
						if _, err := io.WriteString(w, "[part]"); err != nil {
							return 0, err
						}
					}
				})
				return err
			})
		})}
		addr := start(t, server)
		defer server.Close()
		c := &http.Client{Transport: &http.Transport{}}
		defer c.CloseIdleConnections()
		for range 20 {
			resp, err := c.Get("http://" + addr + "/")
			if err != nil {
				continue // cut off before the answer had begun
			}
			got, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if rest := strings.ReplaceAll(string(got), "[part]", ""); len(rest) >= len("[part]") {
				t.Errorf("the body has %q in it", rest[:min(len(rest), 60)])
			}
		}
		for range 20 {
			_, _ = task.Offload(func() (struct{}, error) { return <-over, nil })
		}
	})
}
