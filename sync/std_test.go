package sync_test

import (
	"go/types"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/evergreen-go/evergreen/internal/exported"
	"github.com/evergreen-go/evergreen/sync"
)

// What is written for the standard package is right for ours: this has to compile.
var (
	_ stdsync.Locker = new(sync.Mutex)
	_ stdsync.Locker = new(sync.RWMutex)
	_ stdsync.Locker = new(sync.RWMutex).RLocker()
	_ sync.Locker    = new(stdsync.Mutex)

	_ interface{ TryLock() bool } = new(sync.Mutex)
	_ interface {
		TryLock() bool
		RLock()
		RUnlock()
		TryRLock() bool
	} = new(sync.RWMutex)
	_ interface {
		Add(int)
		Done()
		Wait()
		Go(func())
	} = new(sync.WaitGroup)
	_ interface{ Do(func()) } = new(sync.Once)
	_ interface {
		Wait()
		Signal()
		Broadcast()
	} = &sync.Cond{L: new(sync.Mutex)}

	_ func(stdsync.Locker) *sync.Cond               = sync.NewCond
	_ func(func()) func()                           = sync.OnceFunc
	_ func(func() int) func() int                   = sync.OnceValue[int]
	_ func(func() (int, error)) func() (int, error) = sync.OnceValues[int, error]

	_ *stdsync.Map  = new(sync.Map)
	_ *stdsync.Pool = &sync.Pool{New: func() any { return nil }}
)

// packages are the standard package and ours, read once however often the tests are
// repeated.
var packages = stdsync.OnceValues(func() ([]*types.Package, error) {
	return exported.Types("sync", "github.com/evergreen-go/evergreen/sync")
})

// Every exported name of the standard package exists here, with the same signature
// and the same methods and fields, so that changing an import path is enough.
func TestEveryStandardNameExists(t *testing.T) {
	both, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	std, ours := both[0], both[1]
	names := 0
	for _, name := range std.Scope().Names() {
		want := std.Scope().Lookup(name)
		if !want.Exported() {
			continue
		}
		names++
		got := ours.Scope().Lookup(name)
		if got == nil {
			t.Errorf("%s is missing", name)
			continue
		}
		if types.Identical(want.Type(), got.Type()) {
			continue // an alias
		}
		if w, g := shape(want), shape(got); w != g {
			t.Errorf("%s is\n\t%s, want\n\t%s", name, g, w)
		}
		for _, m := range visible(want.Type()) {
			w, g := member(want, m), member(got, m)
			if w != g {
				t.Errorf("%s.%s is\n\t%s, want\n\t%s", name, m, g, w)
			}
		}
	}
	if names < 12 {
		t.Errorf("the standard package has %d names only: was it read?", names)
	}
}

// shape is the kind of an object, and the signature of a function.
func shape(o types.Object) string {
	if _, ok := o.(*types.Func); ok {
		return plain(o.Type())
	}
	_, isInterface := o.Type().Underlying().(*types.Interface)
	if isInterface {
		return plain(o.Type().Underlying())
	}
	return strings.SplitN(o.String(), " ", 2)[0]
}

// plain is a type without the path of its package.
func plain(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

// visible lists the exported methods and fields of a type.
func visible(t types.Type) (names []string) {
	set := types.NewMethodSet(types.NewPointer(t))
	for i := range set.Len() {
		if f := set.At(i).Obj(); f.Exported() {
			names = append(names, f.Name())
		}
	}
	if s, ok := t.Underlying().(*types.Struct); ok {
		for i := range s.NumFields() {
			if f := s.Field(i); f.Exported() {
				names = append(names, f.Name())
			}
		}
	}
	return names
}

// member is the type of a method or field of a type, "nothing" if it has none.
func member(o types.Object, name string) string {
	m, _, _ := types.LookupFieldOrMethod(o.Type(), true, o.Pkg(), name)
	if m == nil {
		return "nothing"
	}
	return plain(m.Type())
}
