package exported

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// Compare says where a program that is written for std would not do with ours: a name
// that is missing, or that is something else, with another signature, other methods or
// other fields. The types of std count as those of ours with the same name. It looks at
// the names given, or at all that std exports, and returns how many these were.
//
// gaps are the names that differ ("Error", "File.SyscallConn"), each with its reason. One
// that does not differ is a complaint, too.
func Compare(std, ours *types.Package, gaps map[string]string, names ...string) (count int, complaints []string) {
	c := comparison{std: std, ours: ours, gaps: gaps}
	if len(names) == 0 {
		names = std.Scope().Names()
	}
	for _, name := range names {
		if want := std.Scope().Lookup(name); want == nil || want.Exported() {
			count++
			c.name(name, want, ours.Scope().Lookup(name))
		}
	}
	return count, c.complaints
}

type comparison struct {
	std, ours  *types.Package
	gaps       map[string]string
	complaints []string
}

// hold has got be want, unless the name is a gap.
func (c *comparison) hold(name, got, want string) {
	_, gap := c.gaps[name]
	switch {
	case gap && got == want:
		c.complaints = append(c.complaints, name+" is listed as a gap, and is none")
	case !gap && got != want:
		c.complaints = append(c.complaints, fmt.Sprintf("%s is\n\t%s, want\n\t%s", name, got, want))
	}
}

func (c *comparison) name(name string, want, got types.Object) {
	switch {
	case want == nil:
		c.complaints = append(c.complaints, fmt.Sprintf("%s has no %s to compare with", c.std.Path(), name))
		return
	case got == nil:
		c.hold(name, "missing", c.describe(want))
		return
	}
	c.hold(name, c.describe(got), c.describe(want))
	if types.Identical(want.Type(), got.Type()) {
		return // an alias
	}
	if _, isType := want.(*types.TypeName); isType {
		for _, m := range members(want.Type()) {
			c.hold(name+"."+m, c.member(got, m), c.member(want, m))
		}
	}
}

// describe is the kind of an object with its type, or its value; for a type the kind is
// enough, since its members are looked at.
func (c *comparison) describe(o types.Object) string {
	switch o := o.(type) {
	case *types.Const:
		return "const " + o.Val().ExactString()
	case *types.TypeName:
		if types.IsInterface(o.Type()) {
			return "interface"
		}
		return "type"
	case *types.Var:
		return "var " + c.text(o.Type())
	}
	return c.text(o.Type())
}

// members lists the exported methods and fields of a type.
func members(t types.Type) (names []string) {
	set := types.NewMethodSet(t)
	if !types.IsInterface(t) {
		set = types.NewMethodSet(types.NewPointer(t))
	}
	for m := range set.Methods() {
		if m.Obj().Exported() {
			names = append(names, m.Obj().Name())
		}
	}
	if s, ok := t.Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			if f.Exported() && !slices.Contains(names, f.Name()) {
				names = append(names, f.Name())
			}
		}
	}
	return names
}

// member is the type of a method or field of a type, "nothing" if it has none.
func (c *comparison) member(o types.Object, name string) string {
	m, _, _ := types.LookupFieldOrMethod(o.Type(), true, o.Pkg(), name)
	if m == nil {
		return "nothing"
	}
	return c.text(m.Type())
}

// text is a type without aliases and names of parameters. Types of either package stand
// without its name.
func (c *comparison) text(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		return "*" + c.text(t.Elem())
	case *types.Slice:
		return "[]" + c.text(t.Elem())
	case *types.Map:
		return "map[" + c.text(t.Key()) + "]" + c.text(t.Elem())
	case *types.Signature:
		text := "func(" + c.list(t.Params()) + ") (" + c.list(t.Results()) + ")"
		if t.Variadic() {
			text += " variadic"
		}
		return text
	default:
		return types.TypeString(t, func(p *types.Package) string {
			if p == c.std || p == c.ours {
				return ""
			}
			return p.Name()
		})
	}
}

func (c *comparison) list(vars *types.Tuple) string {
	var texts []string
	for v := range vars.Variables() {
		texts = append(texts, c.text(v.Type()))
	}
	return strings.Join(texts, ", ")
}
