package sync_test

import (
	"go/importer"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// Every exported name of the standard package exists here, with the same signature
// and the same methods and fields, so that changing an import path is enough.
func TestEveryStandardNameExists(t *testing.T) {
	load := importer.ForCompiler(token.NewFileSet(), "source", nil)
	std, err := load.Import("sync")
	if err != nil {
		t.Fatal(err)
	}
	ours, err := load.Import("github.com/evergreen-go/evergreen/sync")
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
		for _, m := range exported(want.Type()) {
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

// exported lists the exported methods and fields of a type.
func exported(t types.Type) (names []string) {
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
