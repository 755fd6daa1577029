package house_test

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/printer"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strings"
)

// An item is one thing a package offers: a line of api.txt with what the source says about it.
type item struct {
	line string // "func Sleep(time.Duration)"
	name string // "Sleep", "Task.Join"
	doc  string
	call bool   // a function or method with a body, so one that may wait
	bare bool   // needs no comment of its own: an embedded field
	at   string // file:line
}

// A method is a method declaration and the file it stands in, whose imports give its types meaning.
type method struct {
	decl *ast.FuncDecl
	in   *source
}

// An offer collects the items of one package. It works on syntax alone: loading the types of net/http
// and all below it would take longer than every other test together.
type offer struct {
	items   []item
	types   map[string]*ast.TypeSpec
	in      map[string]*source // the file of each type
	methods map[string][]method
	consts  map[string]constant.Value
	all     map[string][]*source // every package's files, for types made from those of an internal package
}

func newOffer(files []*source, all map[string][]*source) *offer {
	o := &offer{
		types:   make(map[string]*ast.TypeSpec),
		in:      make(map[string]*source),
		methods: make(map[string][]method),
		consts:  constants(files),
		all:     all,
	}
	for _, s := range files {
		for _, d := range s.file.Decls {
			o.index(s, d)
		}
	}
	return o
}

// render lists what the files of one package offer, sorted by line. all holds every package's files.
func render(files []*source, all map[string][]*source) []item {
	o := newOffer(files, all)
	for _, s := range files {
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() {
					o.add(s, d, item{
						line: "func " + d.Name.Name + importsOf(s).signature(d.Type),
						name: d.Name.Name,
						doc:  d.Doc.Text(),
						call: true,
					})
				}
			case *ast.GenDecl:
				o.general(s, d)
			}
		}
	}
	slices.SortFunc(o.items, func(a, b item) int { return cmp.Compare(a.line, b.line) })
	return slices.CompactFunc(o.items, func(a, b item) bool { return a.line == b.line })
}

func (o *offer) add(s *source, n ast.Node, it item) {
	it.at = fmt.Sprintf("%s:%d", s.path, s.line(n.Pos()))
	o.items = append(o.items, it)
}

// index notes types and methods, before anything is rendered.
func (o *offer) index(s *source, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && len(d.Recv.List) == 1 {
			name, _ := base(d.Recv.List[0].Type)
			o.methods[name] = append(o.methods[name], method{d, s})
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if t, ok := spec.(*ast.TypeSpec); ok {
				o.types[t.Name.Name] = t
				o.in[t.Name.Name] = s
			}
		}
	}
}

// base is the name of the local type behind *T, T[A] and (T), and whether there was a star.
func base(e ast.Expr) (name string, star bool) {
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e, star = x.X, true
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name, star
		default:
			return "", star
		}
	}
}

// general renders a const, var or type declaration.
func (o *offer) general(s *source, d *ast.GenDecl) {
	var typ ast.Expr // a const spec without type and value repeats the one before it
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			if d.Tok == token.CONST && (spec.Type != nil || spec.Values != nil) {
				typ = spec.Type
			} else if d.Tok == token.VAR {
				typ = spec.Type
			}
			doc := cmp.Or(spec.Doc.Text(), spec.Comment.Text(), d.Doc.Text())
			for i, name := range spec.Names {
				if name.IsExported() {
					line := d.Tok.String() + " " + name.Name + o.value(s, d.Tok, spec, i, typ)
					o.add(s, name, item{line: line, name: name.Name, doc: doc})
				}
			}
		case *ast.TypeSpec:
			if spec.Name.IsExported() {
				doc := spec.Doc.Text()
				if !d.Lparen.IsValid() || spec.Assign.IsValid() {
					doc = cmp.Or(doc, spec.Comment.Text(), d.Doc.Text())
				}
				o.typeSpec(s, spec, doc)
			}
		}
	}
}

// value renders what follows the name of a const or var.
func (o *offer) value(s *source, tok token.Token, spec *ast.ValueSpec, i int, typ ast.Expr) (text string) {
	sc := importsOf(s)
	if typ != nil {
		text = " " + sc.expr(typ)
	}
	if tok == token.CONST {
		if v := o.consts[spec.Names[i].Name]; v != nil && v.Kind() != constant.Unknown {
			return text + " = " + v.ExactString()
		}
	}
	if len(spec.Values) <= i {
		return text
	}
	if tok == token.CONST {
		return text + " = " + sc.expr(spec.Values[i])
	}
	switch v := spec.Values[i].(type) {
	case *ast.SelectorExpr, *ast.Ident:
		from := sc.expr(v)
		switch {
		case !strings.HasPrefix(from, "evergreen/internal/"):
			text += " = " + from
		case typ == nil && strings.HasPrefix(spec.Names[i].Name, "Err"):
			text += " error" // where it comes from is nobody's concern
		}
	case *ast.CompositeLit:
		if typ == nil && v.Type != nil {
			text += " " + sc.expr(v.Type)
		}
	case *ast.UnaryExpr:
		if c, ok := v.X.(*ast.CompositeLit); ok && typ == nil && v.Op == token.AND && c.Type != nil {
			text += " *" + sc.expr(c.Type)
		}
	case *ast.CallExpr:
		if f := sc.expr(v.Fun); typ == nil && (f == "errors.New" || f == "fmt.Errorf") {
			text += " error"
		}
	}
	return text
}

func (o *offer) typeSpec(s *source, spec *ast.TypeSpec, doc string) {
	sc := importsOf(s)
	name := spec.Name.Name
	head := "type " + name + sc.params(spec.TypeParams)
	var body string
	switch t := spec.Type.(type) {
	case *ast.StructType:
		body = " struct"
	case *ast.InterfaceType:
		var names []string
		o.contract(s, name, head, t, &names)
		slices.Sort(names)
		body = " interface { " + strings.Join(names, ", ") + " }"
	default:
		body = " " + sc.expr(t)
	}
	if spec.Assign.IsValid() {
		body = " =" + body
	} else if rest, ok := strings.CutPrefix(body, " evergreen/"); ok && o.made(name, head, rest) {
		body = " struct"
	}
	o.add(s, spec, item{line: head + body, name: name, doc: doc})
	var args string
	if spec.TypeParams != nil {
		args = "[" + strings.Join(fieldNames(spec.TypeParams), ", ") + "]"
	}
	o.members(name, args, head, name, false, map[string]bool{})
}

// made renders what a type inherits that is made from an internal package's struct, as in
// "type Loop kernel.Loop": the fields, which are as public as any, and what embedded types bring along.
func (o *offer) made(name, head, from string) bool {
	dot := strings.LastIndexByte(from, '.')
	dir, inner := from[:max(0, dot)], from[dot+1:]
	if public(dir) {
		return false // its fields stand in api.txt
	}
	other := newOffer(o.all[dir], o.all)
	spec := other.types[inner]
	if spec == nil {
		return false
	}
	if _, ok := spec.Type.(*ast.StructType); !ok {
		return false
	}
	delete(other.methods, inner) // a new type has none of the old one's
	other.members(name, "", head, inner, false, map[string]bool{})
	o.items = append(o.items, other.items...)
	return true
}

// members renders the methods and fields of a type, and those that reach it from embedded types which
// are not exported themselves. seen holds the names taken further out, which hide the ones further in.
func (o *offer) members(outer, args, head, inner string, star bool, seen map[string]bool) {
	for _, m := range o.methods[inner] {
		name := m.decl.Name.Name
		if !m.decl.Name.IsExported() || seen[name] {
			continue
		}
		seen[name] = true
		receiver := outer + args
		if _, pointer := base(m.decl.Recv.List[0].Type); pointer && !star {
			receiver = "*" + receiver
		}
		o.add(m.in, m.decl, item{
			line: "method (" + receiver + ") " + name + importsOf(m.in).signature(m.decl.Type),
			name: outer + "." + name,
			doc:  m.decl.Doc.Text(),
			call: true,
		})
	}
	spec := o.types[inner]
	if spec == nil {
		return
	}
	str, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	s := o.in[inner]
	var deeper []*ast.Field
	for _, f := range str.Fields.List {
		if len(f.Names) == 0 {
			deeper = append(deeper, f)
		}
		for _, n := range f.Names {
			if n.IsExported() && !seen[n.Name] {
				seen[n.Name] = true
				o.add(s, n, item{
					line: head + " struct, " + n.Name + " " + importsOf(s).expr(f.Type),
					name: outer + "." + n.Name,
					doc:  cmp.Or(f.Doc.Text(), f.Comment.Text()),
				})
			}
		}
	}
	for _, f := range deeper {
		name, pointer := base(f.Type)
		if name != "" && !ast.IsExported(name) && name != inner {
			o.members(outer, args, head, name, star || pointer, seen)
			continue
		}
		text := importsOf(s).expr(f.Type)
		if ast.IsExported(text[strings.LastIndexAny(text, ".*")+1:]) {
			o.add(s, f, item{line: head + " struct, embedded " + text, name: outer + "." + name, bare: true})
		}
	}
}

// contract renders the methods of an interface, those of embedded unexported interfaces included, and
// collects what goes between its braces.
func (o *offer) contract(s *source, name, head string, t *ast.InterfaceType, names *[]string) {
	for _, f := range t.Methods.List {
		if len(f.Names) == 0 {
			local, _ := base(f.Type)
			if spec := o.types[local]; spec != nil && !ast.IsExported(local) {
				if inner, ok := spec.Type.(*ast.InterfaceType); ok {
					o.contract(o.in[local], name, head, inner, names)
					continue
				}
			}
			*names = append(*names, importsOf(s).expr(f.Type))
			continue
		}
		for _, n := range f.Names {
			if !n.IsExported() {
				if !slices.Contains(*names, "unexported methods") {
					*names = append(*names, "unexported methods")
				}
				continue
			}
			*names = append(*names, n.Name)
			o.add(s, n, item{
				line: head + " interface, " + n.Name + importsOf(s).expr(f.Type)[len("func"):],
				name: name + "." + n.Name,
				doc:  cmp.Or(f.Doc.Text(), f.Comment.Text()),
			})
		}
	}
}

// constants evaluates the constants of a package as far as they depend on no other package.
func constants(files []*source) map[string]constant.Value {
	values := make(map[string]constant.Value)
	if len(files) == 0 {
		return values
	}
	var asts []*ast.File
	for _, s := range files {
		asts = append(asts, s.file)
	}
	conf := types.Config{
		Importer:         importNothing{},
		IgnoreFuncBodies: true,
		Error:            func(error) {}, // every import fails, on purpose
	}
	pkg, _ := conf.Check(files[0].dir, files[0].fset, asts, nil)
	for _, name := range pkg.Scope().Names() {
		if c, ok := pkg.Scope().Lookup(name).(*types.Const); ok {
			values[name] = c.Val()
		}
	}
	return values
}

type importNothing struct{}

func (importNothing) Import(string) (*types.Package, error) { return nil, errors.New("not loaded") }

// An imported maps the names a file gives to its imports to the names api.txt gives them: the standard
// library's packages have their own names, ours the prefix evergreen/.
type imported map[string]string

var version = regexp.MustCompile(`^v[0-9]+$`)

func importsOf(s *source) imported {
	names := make(imported)
	for _, spec := range s.file.Imports {
		p := strings.Trim(spec.Path.Value, `"`)
		last := path.Base(p)
		if version.MatchString(last) {
			last = path.Base(path.Dir(p))
		}
		local := last
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if rest, ok := strings.CutPrefix(p, module+"/"); ok {
			last = "evergreen/" + rest
		}
		names[local] = last
	}
	return names
}

// expr renders a type: without the names of parameters, which are no part of it, and on one line.
func (sc imported) expr(e ast.Expr) string {
	switch e := e.(type) {
	case nil:
		return ""
	case *ast.Ident:
		return e.Name
	case *ast.BasicLit:
		return e.Value
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return cmp.Or(sc[x.Name], x.Name) + "." + e.Sel.Name
		}
		return sc.expr(e.X) + "." + e.Sel.Name
	case *ast.StarExpr:
		return "*" + sc.expr(e.X)
	case *ast.ParenExpr:
		return "(" + sc.expr(e.X) + ")"
	case *ast.Ellipsis:
		return "..." + sc.expr(e.Elt)
	case *ast.ArrayType:
		return "[" + sc.expr(e.Len) + "]" + sc.expr(e.Elt)
	case *ast.MapType:
		return "map[" + sc.expr(e.Key) + "]" + sc.expr(e.Value)
	case *ast.ChanType:
		return map[ast.ChanDir]string{
			ast.SEND: "chan<- ", ast.RECV: "<-chan ", ast.SEND | ast.RECV: "chan ",
		}[e.Dir] + sc.expr(e.Value)
	case *ast.FuncType:
		return "func" + sc.signature(e)
	case *ast.StructType:
		return "struct{" + sc.fields(e.Fields, " ", "; ") + "}"
	case *ast.InterfaceType:
		return "interface{" + sc.fields(e.Methods, "", "; ") + "}"
	case *ast.IndexExpr:
		return sc.expr(e.X) + "[" + sc.expr(e.Index) + "]"
	case *ast.IndexListExpr:
		var args []string
		for _, a := range e.Indices {
			args = append(args, sc.expr(a))
		}
		return sc.expr(e.X) + "[" + strings.Join(args, ", ") + "]"
	case *ast.UnaryExpr:
		return e.Op.String() + sc.expr(e.X)
	case *ast.BinaryExpr:
		return sc.expr(e.X) + " " + e.Op.String() + " " + sc.expr(e.Y)
	}
	var b strings.Builder
	if err := printer.Fprint(&b, token.NewFileSet(), e); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// signature renders type parameters, parameters and results.
func (sc imported) signature(t *ast.FuncType) string {
	text := sc.params(t.TypeParams) + "(" + strings.Join(sc.list(t.Params), ", ") + ")"
	switch results := sc.list(t.Results); len(results) {
	case 0:
		return text
	case 1:
		return text + " " + results[0]
	default:
		return text + " (" + strings.Join(results, ", ") + ")"
	}
}

// list renders one type per parameter: a, b int is two.
func (sc imported) list(fields *ast.FieldList) (parts []string) {
	if fields == nil {
		return nil
	}
	for _, f := range fields.List {
		for range max(1, len(f.Names)) {
			parts = append(parts, sc.expr(f.Type))
		}
	}
	return parts
}

// params renders type parameters, whose names the rest of the line refers to.
func (sc imported) params(fields *ast.FieldList) string {
	if fields == nil || len(fields.List) == 0 {
		return ""
	}
	return "[" + sc.fields(fields, " ", ", ") + "]"
}

// fields renders names and types; the methods of an interface have no space and no func between them.
func (sc imported) fields(fields *ast.FieldList, between, separator string) string {
	var parts []string
	for _, f := range fields.List {
		text := sc.expr(f.Type)
		if between == "" && len(f.Names) > 0 {
			text = strings.TrimPrefix(text, "func")
		}
		for _, n := range f.Names {
			parts = append(parts, n.Name+between+text)
		}
		if len(f.Names) == 0 {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, separator)
}

func fieldNames(fields *ast.FieldList) (names []string) {
	for _, f := range fields.List {
		for _, n := range f.Names {
			names = append(names, n.Name)
		}
	}
	return names
}
