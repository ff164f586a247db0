package architecture_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"time"
)

// surface collects what a package shows to others, a line for each exported
// declaration, field and method, in the form of Go's own api/*.txt. Names of
// parameters are left out: callers do not see them.
type surface struct {
	path  string // from the top of the repository
	pkg   *types.Package
	names map[string]string // what other packages are called, by their path
	lines []string
}

// surfaceOf returns the lines of a package, sorted.
func surfaceOf(path string, pkg *types.Package) []string {
	s := &surface{path: path, pkg: pkg, names: map[string]string{}}
	for _, name := range pkg.Scope().Names() {
		if token.IsExported(name) {
			s.object(pkg.Scope().Lookup(name))
		}
	}
	for path, name := range s.names {
		if path != name { // as it is with context, but not with net/http
			s.add("import %s %q", name, path)
		}
	}
	slices.Sort(s.lines)
	return slices.Compact(s.lines)
}

func (s *surface) add(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf("pkg %s, ", s.path)+fmt.Sprintf(format, args...))
}

func (s *surface) object(o types.Object) {
	switch o := o.(type) {
	case *types.Const:
		s.add("const %s %s = %s", o.Name(), s.typ(o.Type()), value(o))
	case *types.Var:
		s.add("var %s %s", o.Name(), s.typ(o.Type()))
	case *types.Func:
		s.add("func %s%s", o.Name(), s.signature(o.Signature()))
	case *types.TypeName:
		switch t := o.Type().(type) {
		case *types.Alias:
			s.add("type %s%s = %s", o.Name(), s.params(t.TypeParams()), s.typ(t.Rhs()))
		case *types.Named:
			s.named(o.Name()+s.params(t.TypeParams()), t)
		}
	}
}

// value of a constant, of a length of time as people read it.
func value(c *types.Const) string {
	if n, exact := constant.Int64Val(constant.ToInt(c.Val())); exact && c.Type().String() == "time.Duration" {
		return time.Duration(n).String()
	}
	return c.Val().ExactString()
}

func (s *surface) named(name string, t *types.Named) {
	switch u := t.Underlying().(type) {
	case *types.Struct:
		s.add("type %s struct", name)
		s.fields(name, u)
	case *types.Interface:
		s.demands(name, u)
	default:
		s.add("type %s %s", name, s.typ(u))
	}
	s.methods(t)
}

// fields lists what can be selected in a struct: what an embedded field of an
// unexported type lifts belongs to the struct, of an exported one the field is enough.
func (s *surface) fields(name string, t *types.Struct) {
	for f := range t.Fields() {
		switch {
		case f.Exported() && f.Embedded():
			s.add("type %s struct, embedded %s", name, s.typ(f.Type()))
		case f.Exported():
			s.add("type %s struct, %s %s", name, f.Name(), s.typ(f.Type()))
		case f.Embedded():
			if lifted, ok := target(f.Type()).Underlying().(*types.Struct); ok {
				s.fields(name, lifted)
			}
		}
	}
}

// methods lists those of a type and those that embedded unexported types lift into it.
func (s *surface) methods(t *types.Named) {
	all, ofValue := types.NewMethodSet(types.NewPointer(t)), types.NewMethodSet(t)
	for m := range all.Methods() {
		fn := m.Obj()
		if !fn.Exported() {
			continue
		}
		var recv types.Type = t
		if ofValue.Lookup(fn.Pkg(), fn.Name()) == nil {
			recv = types.NewPointer(t)
		}
		if path := m.Index(); len(path) > 1 {
			if u, ok := t.Underlying().(*types.Struct); !ok || u.Field(path[0]).Exported() {
				continue
			}
		} else {
			// Its own names of type parameters are those of the signature.
			recv = fn.(*types.Func).Signature().Recv().Type()
		}
		s.add("method (%s) %s%s", s.typ(recv), fn.Name(), s.signature(m.Type().(*types.Signature)))
	}
}

// demands lists what an interface asks of its implementations. One that others can
// implement has all its methods in one line, so that one more is a change.
func (s *surface) demands(name string, t *types.Interface) {
	if !t.IsMethodSet() {
		s.add("type %s %s", name, s.typ(t))
		return
	}
	var methods []string
	for m := range t.Methods() {
		if m.Exported() {
			methods = append(methods, m.Name())
			s.add("type %s interface, %s%s", name, m.Name(), s.signature(m.Signature()))
		}
	}
	if len(methods) < t.NumMethods() {
		s.add("type %s interface, unexported methods", name)
		return
	}
	s.add("type %s interface { %s }", name, strings.Join(methods, ", "))
}

func (s *surface) signature(t *types.Signature) string {
	bare := types.NewSignatureType(nil, nil, nil, t.Params(), t.Results(), t.Variadic())
	return s.params(t.TypeParams()) + strings.TrimPrefix(s.typ(bare), "func")
}

// params writes type parameters with their constraints.
func (s *surface) params(list *types.TypeParamList) string {
	if list.Len() == 0 {
		return ""
	}
	var all []string
	for p := range list.TypeParams() {
		all = append(all, p.Obj().Name()+" "+s.typ(p.Constraint()))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// typ writes a type without the names of parameters.
func (s *surface) typ(t types.Type) string {
	text := types.TypeString(t, s.qualify)
	expr, err := parser.ParseExpr(text)
	if err != nil {
		return text // an untyped constant
	}
	ast.Inspect(expr, func(n ast.Node) bool {
		if f, ok := n.(*ast.FuncType); ok {
			unname(f.Params)
			unname(f.Results)
		}
		return true
	})
	return types.ExprString(expr)
}

// unname takes the names from parameters. Those of a types.Type have a type each.
func unname(list *ast.FieldList) {
	if list == nil {
		return
	}
	for _, f := range list.List {
		f.Names = nil
	}
}

// qualify gives a package its name, with a number where another one has that already.
func (s *surface) qualify(p *types.Package) string {
	if p == s.pkg {
		return ""
	}
	if name, ok := s.names[p.Path()]; ok {
		return name
	}
	taken := map[string]bool{}
	for _, name := range s.names {
		taken[name] = true
	}
	name := p.Name()
	for i := 2; taken[name]; i++ {
		name = fmt.Sprint(p.Name(), i)
	}
	s.names[p.Path()] = name
	return name
}

// target is what a pointer points to, and any other type itself.
func target(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}
