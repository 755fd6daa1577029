//go:build unix

package io_test

import (
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// procGaps are the names of os/exec that are other ones here, with the reason.
var procGaps = map[string]string{
	"Error": "the package has more than programs in it: the name is ExecError",
}

// Every exported name of os/exec exists here, and a Cmd has the same fields and methods
// with the same types, so that a program is ported by changing the package's name.
func TestEveryNameOfExecExists(t *testing.T) {
	all, err := stdPackages()
	must(t, err)
	std, ours := all["os/exec"].Scope(), all[stdOurs].Scope()
	names := 0
	for _, name := range std.Names() {
		want := std.Lookup(name)
		if !want.Exported() {
			continue
		}
		names++
		got := ours.Lookup(name)
		if _, gap := procGaps[name]; gap {
			if got != nil {
				t.Errorf("%s is listed as a gap and exists", name)
			}
			continue
		}
		switch {
		case got == nil:
			t.Errorf("%s is missing", name)
		case types.Identical(want.Type(), got.Type()): // an alias
		case name == "Cmd":
			for _, m := range procMembers(want.Type()) {
				if w, g := procMember(want, m), procMember(got, m); w != g {
					t.Errorf("Cmd.%s is\n\t%s, want\n\t%s", m, g, w)
				}
			}
		case procPlain(want.Type()) != procPlain(got.Type()):
			t.Errorf("%s is\n\t%s, want\n\t%s", name, procPlain(got.Type()), procPlain(want.Type()))
		}
	}
	if names < 9 {
		t.Errorf("os/exec has %d names only: was it read?", names)
	}
}

// procPlain is a type without the paths of its packages and the names of parameters.
// The Cmds of both packages are the same here.
func procPlain(t types.Type) string {
	if s, ok := t.(*types.Signature); ok {
		nameless := func(vars *types.Tuple) *types.Tuple {
			var all []*types.Var
			for v := range vars.Variables() {
				all = append(all, types.NewParam(token.NoPos, nil, "", v.Type()))
			}
			return types.NewTuple(all...)
		}
		t = types.NewSignatureType(nil, nil, nil, nameless(s.Params()), nameless(s.Results()), s.Variadic())
	}
	text := types.TypeString(t, func(p *types.Package) string { return p.Name() })
	return strings.ReplaceAll(text, "exec.Cmd", "io.Cmd")
}

// procMembers lists the exported fields and methods of a struct.
func procMembers(t types.Type) (names []string) {
	set := types.NewMethodSet(types.NewPointer(t))
	for i := range set.Len() {
		names = append(names, set.At(i).Obj().Name())
	}
	s := t.Underlying().(*types.Struct)
	for i := range s.NumFields() {
		names = append(names, s.Field(i).Name())
	}
	var exported []string
	for _, name := range names {
		if token.IsExported(name) {
			exported = append(exported, name)
		}
	}
	return exported
}

// procMember is the type of a field or method, "" if there is none.
func procMember(o types.Object, name string) string {
	found, _, _ := types.LookupFieldOrMethod(types.NewPointer(o.Type()), true, o.Pkg(), name)
	if found == nil {
		return ""
	}
	return procPlain(found.Type())
}
