// Philosophers is Dijkstra's dinner: five philosophers around a table, a fork
// between each two, and whoever wants to eat needs both.
//
//	go run ./examples/philosophers
//
// The first dinner is the one that goes wrong: each takes the fork on the left and
// waits for the one on the right. With threads the program would hang, one day or
// another. Here it hangs at once, and the loop says who waits for which fork and who
// has it. In the second dinner the last philosopher reaches for the other fork first,
// so that no circle of waiting can close, and all eat.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
)

var names = [...]string{"Kant", "Hypatia", "Confucius", "Spinoza", "Arendt"}

const (
	courses  = 3
	reaching = 10 * time.Millisecond // from one fork to the other
	eating   = time.Second
)

func main() {
	fmt.Println("Everybody takes the left fork first:")
	fmt.Println()
	err := dine(os.Stdout, func(_, left, right int) (first, second int) { return left, right })
	tell(os.Stdout, err)

	fmt.Println()
	fmt.Println("The last one takes the right fork first:")
	fmt.Println()
	err = dine(os.Stdout, func(who, left, right int) (first, second int) {
		if who == len(names)-1 {
			return right, left
		}
		return left, right
	})
	tell(os.Stdout, err)
	if err != nil {
		os.Exit(1)
	}
}

// dine serves dinner. order says which of the two forks a philosopher takes first.
// On the virtual clock a dinner takes no time.
func dine(w io.Writer, order func(who, left, right int) (first, second int)) error {
	return runtime.Run(func() {
		var forks [len(names)]sync.Mutex
		table := task.NewGroup()
		for who, name := range names {
			first, second := order(who, who, (who+1)%len(names))
			table.Go(func() error {
				task.Current().SetName(name)
				for course := range courses {
					forks[first].Lock()
					task.Sleep(reaching) // here the neighbour takes a fork, too
					forks[second].Lock()
					fmt.Fprintf(w, "  %s eats course %d\n", name, course+1)
					task.Sleep(eating)
					forks[second].Unlock()
					forks[first].Unlock()
				}
				return nil
			})
		}
		_ = table.Wait()
	}, runtime.WithVirtualClock())
}

// tell says how a dinner ended.
func tell(w io.Writer, err error) {
	var deadlock *runtime.DeadlockError
	switch {
	case err == nil:
		fmt.Fprintln(w, "  All have eaten.")
	case errors.As(err, &deadlock):
		fmt.Fprintln(w, "  Deadlock, found and reported:")
		for _, b := range deadlock.Tasks {
			if b.Holder != "" {
				fmt.Fprintf(w, "  %-9s waits for %s, held by %s\n", b.Name, b.On, b.Holder)
			}
		}
	default:
		fmt.Fprintln(w, " ", err)
	}
}
