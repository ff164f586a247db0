package center

import (
	"context"
	"fmt"
)

// pager is a paginator of the SDK.
type pager[O, P any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*O)) (P, error)
}

// mostPages bounds the pages that are read of one list: more than any quota of Identity
// Center comes to.
const mostPages = 100

// every reads all pages.
func every[O, P, T any](ctx context.Context, p pager[O, P], items func(P) []T) ([]T, error) {
	return some(ctx, p, items, mostPages)
}

// some reads at most so many pages; the error says if there were more.
func some[O, P, T any](ctx context.Context, p pager[O, P], items func(P) []T, most int) ([]T, error) {
	var all []T
	for n := 0; p.HasMorePages(); n++ {
		if n == most {
			return all, fmt.Errorf("there are more than %d pages", most)
		}
		page, err := p.NextPage(ctx)
		if err != nil {
			return all, err
		}
		all = append(all, items(page)...)
	}
	return all, nil
}
