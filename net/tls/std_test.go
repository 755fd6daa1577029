package tls_test

import (
	"go/token"
	"go/types"
	"strings"
	"sync"
	"testing"

	"github.com/evergreen-go/evergreen/internal/exported"
)

// packages are crypto/tls and this package, read once however often the tests are
// repeated.
var packages = sync.OnceValues(func() ([]*types.Package, error) {
	return exported.Types("crypto/tls", "github.com/evergreen-go/evergreen/net/tls")
})

// Every exported name of crypto/tls exists here, with the same signature and the same
// methods and fields, so that changing an import path is enough.
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
		if c, ok := want.(*types.Const); ok {
			if g, ok := got.(*types.Const); !ok || g.Val().ExactString() != c.Val().ExactString() {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		if types.Identical(want.Type(), got.Type()) {
			continue // an alias
		}
		if w, g := shape(want), shape(got); w != g {
			t.Errorf("%s is\n\t%s, want\n\t%s", name, g, w)
		}
		for _, m := range visible(want.Type()) {
			if w, g := member(want, m), member(got, m); w != g {
				t.Errorf("%s.%s is\n\t%s, want\n\t%s", name, m, g, w)
			}
		}
	}
	if names < 100 {
		t.Errorf("crypto/tls has %d names only: was it read?", names)
	}
}

// shape is the kind of an object, and the signature of a function.
func shape(o types.Object) string {
	if _, ok := o.(*types.Func); ok {
		return named(o.Type())
	}
	return strings.SplitN(o.String(), " ", 2)[0]
}

// named is a type without the path of its package.
func named(t types.Type) string {
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

// member is the type of a method or field of a type, "nothing" if it has none. Names of
// parameters do not count.
func member(o types.Object, name string) string {
	m, _, _ := types.LookupFieldOrMethod(o.Type(), true, o.Pkg(), name)
	if m == nil {
		return "nothing"
	}
	if s, ok := m.Type().(*types.Signature); ok {
		return named(types.NewSignatureType(nil, nil, nil, anonymous(s.Params()), anonymous(s.Results()), s.Variadic()))
	}
	return named(m.Type())
}

func anonymous(of *types.Tuple) *types.Tuple {
	var all []*types.Var
	for v := range of.Variables() {
		all = append(all, types.NewVar(token.NoPos, nil, "", v.Type()))
	}
	return types.NewTuple(all...)
}
