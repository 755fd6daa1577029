package net_test

import (
	"go/token"
	"go/types"
	"strings"
	"sync"
	"testing"

	"github.com/evergreen-go/evergreen/internal/exported"
)

// gaps are the names that differ, with the reason. Whatever else does fails the test,
// and so does a name that is listed here and does not.
var gaps = map[string]string{}

// packages are the standard package and ours, read once however often the tests are
// repeated.
var packages = sync.OnceValues(func() ([]*types.Package, error) {
	return exported.Types("net", "github.com/evergreen-go/evergreen/net")
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
		if _, ok := gaps[name]; ok {
			if got != nil {
				t.Errorf("%s is listed as a gap and exists", name)
			}
			continue
		}
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
			if _, ok := gaps[name+"."+m]; ok != (w != g) {
				t.Errorf("%s.%s is\n\t%s, want\n\t%s", name, m, g, w)
			}
		}
	}
	if names < 100 {
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

// plain is a type without the path of its package, and a signature without the names
// of its parameters.
func plain(t types.Type) string {
	if s, ok := t.(*types.Signature); ok {
		t = types.NewSignatureType(nil, nil, nil, nameless(s.Params()), nameless(s.Results()), s.Variadic())
	}
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

func nameless(vars *types.Tuple) *types.Tuple {
	var all []*types.Var
	for v := range vars.Variables() {
		all = append(all, types.NewParam(token.NoPos, nil, "", v.Type()))
	}
	return types.NewTuple(all...)
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
