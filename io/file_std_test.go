package io_test

import (
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// fileNames are the names of packages os and path/filepath that are here too.
var fileNames = map[string][]string{
	"os": {
		"Chmod", "Chown", "Chtimes", "Create", "CreateTemp", "Lchown", "Link", "Lstat", "Mkdir", "MkdirAll",
		"MkdirTemp", "Open", "OpenFile", "ReadDir", "ReadFile", "Readlink", "Remove", "RemoveAll", "Rename", "Stat",
		"Symlink", "Truncate", "WriteFile",
	},
	"path/filepath": {"EvalSymlinks", "Glob", "WalkDir"},
}

// fileGaps are the methods of os.File that a File does not have, with the reason.
var fileGaps = map[string]string{
	"SyscallConn": "it is for system calls on the descriptor, which would stop the loop while the disk is busy",
}

// fileText is a signature without the names of parameters, in which our File and that
// of package os are the same, and the aliases that package os has for types of io/fs are
// those types.
func fileText(t types.Type) string {
	text := types.TypeString(fileNameless(t), func(p *types.Package) string {
		if p.Name() == "io" {
			return "os" // for File; no other type of package io appears in what is compared but Reader and Writer
		}
		return p.Name()
	})
	return strings.NewReplacer("os.DirEntry", "fs.DirEntry", "os.FileInfo", "fs.FileInfo", "os.FileMode", "fs.FileMode").Replace(text)
}

func fileNameless(t types.Type) types.Type {
	s, ok := t.(*types.Signature)
	if !ok {
		return t
	}
	strip := func(vars *types.Tuple) *types.Tuple {
		var all []*types.Var
		for v := range vars.Variables() {
			all = append(all, types.NewParam(token.NoPos, nil, "", types.Unalias(v.Type())))
		}
		return types.NewTuple(all...)
	}
	return types.NewSignatureType(nil, nil, nil, strip(s.Params()), strip(s.Results()), s.Variadic())
}

// A program is ported by writing io where os was: names, signatures and methods are
// the same.
func TestFileNamesAreThoseOfPackageOS(t *testing.T) {
	all, err := stdPackages()
	if err != nil {
		t.Fatal(err)
	}
	ours := all[stdOurs].Scope()
	for path, names := range fileNames {
		std := all[path].Scope()
		for _, name := range names {
			got, want := ours.Lookup(name), std.Lookup(name)
			if got == nil || want == nil {
				t.Errorf("%s: ours is %v, that of %s is %v", name, got, path, want)
				continue
			}
			if g, w := fileText(got.Type()), fileText(want.Type()); g != w {
				t.Errorf("%s is\n\t%s, want\n\t%s", name, g, w)
			}
		}
	}
	got, want := fileMethods(ours.Lookup("File")), fileMethods(all["os"].Scope().Lookup("File"))
	if len(want) < 20 {
		t.Fatalf("os.File has %d methods only: was it read?", len(want))
	}
	for name, w := range want {
		_, gap := fileGaps[name]
		if g := got[name]; (g != w) != gap {
			t.Errorf("File.%s is\n\t%s, want\n\t%s", name, g, w)
		}
	}
}

func fileMethods(o types.Object) map[string]string {
	methods := make(map[string]string)
	set := types.NewMethodSet(types.NewPointer(o.Type()))
	for i := range set.Len() {
		if m := set.At(i).Obj(); m.Exported() {
			methods[m.Name()] = fileText(m.Type())
		}
	}
	return methods
}
