package lab

import (
	"slices"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

// Pages are the methods of the lab's own pages, by path.
func Pages() map[string][]string {
	all := map[string][]string{}
	for _, r := range slices.Concat(ownRoutes, controlRoutes) {
		all[r.path] = append(all[r.path], r.method)
	}
	return all
}

// Operations are the names of the operations with a handler, by service.
func (l *Lab) Operations() map[string][]string {
	all := map[string][]string{string(s3Service): s3.Operations()}
	for kind, h := range l.current().services {
		if s, ok := h.(*awswire.Service); ok {
			all[string(kind)] = s.Operations()
		}
	}
	return all
}
