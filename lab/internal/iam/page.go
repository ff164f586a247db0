package iam

import (
	"encoding/base64"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// pageLimit is the number of entries on a page where MaxItems is absent.
const pageLimit = 100

// paging is what lists have of a request.
type paging struct {
	marker *string
	max    *int32
	// listed names the list: a marker of one is not good for another.
	listed string
}

// page is what answers of lists have in common.
type page[T any] struct {
	items     []T
	truncated bool
	marker    *string
}

// pageOf returns the entries behind a marker. key says where an entry stands: the
// list is in the ascending order of the keys, which are unique. The marker has the
// key of the last entry, so that entries that go away between two pages, that one
// included, take no other with them.
func pageOf[T any](list iter.Seq[T], key func(T) string, p paging) (*page[T], error) {
	after, err := p.after()
	if err != nil {
		return nil, err
	}
	size := pageLimit
	if p.max != nil {
		size = int(*p.max)
	}
	out := &page[T]{items: []T{}}
	for entry := range list {
		if p.marker != nil && key(entry) <= after {
			continue
		}
		if len(out.items) == size {
			text := p.listed + "\x00" + key(out.items[size-1])
			out.truncated, out.marker = true, aws.String(base64.RawURLEncoding.EncodeToString([]byte(text)))
			break
		}
		out.items = append(out.items, entry)
	}
	return out, nil
}

// after is the key in the marker, "" without one.
func (p paging) after() (string, error) {
	if p.marker == nil {
		return "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*p.marker)
	listed, key, _ := strings.Cut(string(text), "\x00")
	if err != nil || listed != p.listed || key == "" {
		return "", validation("Invalid Marker.")
	}
	return key, nil
}

// filtered are the entries of a list that are wanted.
func filtered[T any](list []T, wanted func(T) bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, entry := range list {
			if wanted(entry) && !yield(entry) {
				return
			}
		}
	}
}

func itself(name string) string { return name }

// converted are the entries of a page as answers have them.
func converted[E, T any](items []E, convert func(E) *T) []T {
	all := make([]T, len(items))
	for i, entry := range items {
		all[i] = *convert(entry)
	}
	return all
}

// pageBelow authorizes a list of roles or users by the prefix of their paths, and
// returns a page of it.
func pageBelow[E any](h *handlers, c *awswire.Caller, kind string, all func(account string) []*E, entity func(*E) *world.Entity, prefix *string, p paging) (*page[*E], error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	below := path(prefix)
	if err := h.permit(c, s, c.Operation, resource{arn: h.arn(s.Account, kind, below, "")}); err != nil {
		return nil, err
	}
	list := filtered(all(s.Account), func(e *E) bool { return strings.HasPrefix(entity(e).Path, below) })
	return pageOf(list, func(e *E) string { return entity(e).SortName() }, p)
}

func entityOfRole(r *world.Role) *world.Entity { return &r.Entity }

func entityOfUser(u *world.IAMUser) *world.Entity { return &u.Entity }
