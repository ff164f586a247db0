package architecture_test

import (
	"fmt"
	"slices"
	"strings"
)

const module = "github.com/tip-cli/tip-cli"

// pkg is what go list says of a package.
type pkg struct {
	ImportPath, Name                   string
	Imports, TestImports, XTestImports []string
	// Deps are all imports, at any distance.
	Deps []string
}

// violations returns what a package imports against a rule, in words.
func (r *rule) violations(p *pkg) []string {
	from := local(p.ImportPath)
	if !matchAny(r.from, from) || matchAny(r.except, from) {
		return nil
	}
	var found []string
	for _, path := range r.counted(p) {
		if to := local(path); !r.allows(from, to) {
			found = append(found, fmt.Sprintf("%s imports %s: %s", from, to, r.reason))
		}
	}
	return found
}

func (r *rule) counted(p *pkg) []string {
	all := slices.Clone(p.Imports)
	if r.linked {
		all = slices.Clone(p.Deps)
	}
	if r.tests {
		all = slices.Concat(all, p.TestImports, p.XTestImports)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (r *rule) allows(from, to string) bool {
	if to == from {
		return true // a test of the package itself
	}
	if matchAny(r.never, to) {
		return false
	}
	return r.only == nil || strings.HasPrefix(to, from+"/") || matchAny(r.only, to) || slices.Contains(r.only, origin(to))
}

// local writes a path of this module relative to it.
func local(path string) string {
	if rest, ok := strings.CutPrefix(path, module); ok && (rest == "" || rest[0] == '/') {
		return "." + rest
	}
	return path
}

// origin tells the standard library from other modules; it is empty for this one.
func origin(path string) string {
	first, _, _ := strings.Cut(path, "/")
	switch {
	case first == ".":
		return ""
	case strings.Contains(first, "."):
		return others
	}
	return std
}

func matchAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(strings.Split(p, "/"), strings.Split(path, "/")) })
}

func match(pattern, path []string) bool {
	for i, want := range pattern {
		switch {
		case want == "...":
			return true
		case i >= len(path), want != "*" && want != path[i]:
			return false
		}
	}
	return len(pattern) == len(path)
}
