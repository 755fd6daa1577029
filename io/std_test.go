package io_test

import (
	"go/importer"
	"go/token"
	"go/types"
	"strings"
	"sync"
	"testing"
)

// stdGaps are the names that differ, with the reason. Whatever else does fails the test,
// and so does a name that is listed here and does not.
var stdGaps = map[string]string{}

// stdPackages are the standard package and ours, type-checked from their source. That
// takes seconds and a gigabyte under the race detector, so it is done once however
// often the tests are repeated.
func stdPackages() (std, ours *types.Package, err error) {
	stdLoaded.Do(func() {
		load := importer.ForCompiler(token.NewFileSet(), "source", nil)
		if stdTheirs, stdError = load.Import("io"); stdError == nil {
			stdOurs, stdError = load.Import("github.com/evergreen-go/evergreen/io")
		}
	})
	return stdTheirs, stdOurs, stdError
}

var (
	stdLoaded          sync.Once
	stdTheirs, stdOurs *types.Package
	stdError           error
)

// Every exported name of the standard package exists here, with the same signature
// and the same methods and fields, so that changing an import path is enough.
func TestEveryStandardNameExists(t *testing.T) {
	std, ours, err := stdPackages()
	if err != nil {
		t.Fatal(err)
	}
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
