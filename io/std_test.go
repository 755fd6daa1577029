package io_test

import (
	"go/token"
	"go/types"
	"strings"
	"sync"
	"testing"

	"github.com/evergreen-go/evergreen/internal/exported"
)

// stdGaps are the names that differ, with the reason. Whatever else does fails the test,
// and so does a name that is listed here and does not.
var stdGaps = map[string]string{}

// stdPackages are this package and the standard ones that it takes the place of, read once
// however often the tests are repeated.
var stdPackages = sync.OnceValues(func() (map[string]*types.Package, error) {
	all, err := exported.Types(stdOurs, "io", "os", "os/exec", "path/filepath")
	byPath := make(map[string]*types.Package)
	for _, p := range all {
		byPath[p.Path()] = p
	}
	return byPath, err
})

const stdOurs = "github.com/evergreen-go/evergreen/io"

// Every exported name of the standard package exists here, with the same signature
// and the same methods and fields, so that changing an import path is enough.
func TestEveryStandardNameExists(t *testing.T) {
	all, err := stdPackages()
	if err != nil {
		t.Fatal(err)
	}
	std, ours := all["io"], all[stdOurs]
	names := 0
	for _, name := range std.Scope().Names() {
		want := std.Scope().Lookup(name)
		if !want.Exported() {
			continue
		}
		names++
		got := ours.Scope().Lookup(name)
		if _, ok := stdGaps[name]; ok {
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
		if w, g := stdShape(want), stdShape(got); w != g {
			t.Errorf("%s is\n\t%s, want\n\t%s", name, g, w)
		}
		for _, m := range stdExported(want.Type()) {
			w, g := stdMember(want, m), stdMember(got, m)
			if _, ok := stdGaps[name+"."+m]; ok != (w != g) {
				t.Errorf("%s.%s is\n\t%s, want\n\t%s", name, m, g, w)
			}
		}
	}
	if names < 40 {
		t.Errorf("the standard package has %d names only: was it read?", names)
	}
}

// stdShape is the kind of an object, and the signature of a function.
func stdShape(o types.Object) string {
	if _, ok := o.(*types.Func); ok {
		return stdPlain(o.Type())
	}
	_, isInterface := o.Type().Underlying().(*types.Interface)
	if isInterface {
		return stdPlain(o.Type().Underlying())
	}
	return strings.SplitN(o.String(), " ", 2)[0]
}

// stdPlain is a type without the path of its package, and a signature without the names
// of its parameters.
func stdPlain(t types.Type) string {
	if s, ok := t.(*types.Signature); ok {
		t = types.NewSignatureType(nil, nil, nil, stdNameless(s.Params()), stdNameless(s.Results()), s.Variadic())
	}
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

func stdNameless(vars *types.Tuple) *types.Tuple {
	var all []*types.Var
	for v := range vars.Variables() {
		all = append(all, types.NewParam(token.NoPos, nil, "", v.Type()))
	}
	return types.NewTuple(all...)
}

// stdExported lists the exported methods and fields of a type.
func stdExported(t types.Type) (names []string) {
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

// stdMember is the type of a method or field of a type, "nothing" if it has none.
func stdMember(o types.Object, name string) string {
	m, _, _ := types.LookupFieldOrMethod(o.Type(), true, o.Pkg(), name)
	if m == nil {
		return "nothing"
	}
	return stdPlain(m.Type())
}
