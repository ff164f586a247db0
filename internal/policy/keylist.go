package policy

import (
	"slices"
	"strings"
)

// keyList is a list of condition keys without duplicates.
type keyList []string

func (l *keyList) add(key string) {
	if !slices.ContainsFunc(*l, func(k string) bool { return strings.EqualFold(k, key) }) {
		*l = append(*l, key)
	}
}

func (l *keyList) addVariables(p *pattern) {
	for i := range p.parts {
		if v := p.parts[i].variable; v != nil {
			l.add(v.key)
		}
	}
}

// addOperand adds the variables of a condition value.
func (l *keyList) addOperand(o operand) {
	switch o := o.(type) {
	case *stringOperand:
		l.addVariables(&o.pattern)
	case *foldOperand:
		l.addVariables(&o.pattern)
	case *arnOperand:
		if o.whole != nil {
			l.addVariables(o.whole)
		}
		for i := range o.parts {
			l.addVariables(&o.parts[i])
		}
	}
}
