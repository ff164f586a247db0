package iam

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
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

// pageOf returns the entries behind a marker, which says which entry was the last:
// one that went away meanwhile takes no other with it.
func pageOf[T any](list []T, id func(T) string, p paging) (*page[T], error) {
	start, err := p.start(len(list), func(i int) string { return id(list[i]) })
	if err != nil {
		return nil, err
	}
	size := pageLimit
	if p.max != nil {
		size = int(*p.max)
	}
	end := min(start+size, len(list))
	out := &page[T]{items: append([]T{}, list[start:end]...), truncated: end < len(list)}
	if out.truncated {
		text := p.listed + "\x00" + strconv.Itoa(end) + "\x00" + id(list[end-1])
		out.marker = aws.String(base64.RawURLEncoding.EncodeToString([]byte(text)))
	}
	return out, nil
}

// start is the index of the first entry of a page of n entries.
func (p paging) start(n int, id func(int) string) (int, error) {
	if p.marker == nil {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*p.marker)
	parts := strings.SplitN(string(text), "\x00", 3)
	if err != nil || len(parts) != 3 || parts[0] != p.listed {
		return 0, validation("Invalid Marker.")
	}
	index, err := strconv.Atoi(parts[1])
	if err != nil || index < 1 {
		return 0, validation("Invalid Marker.")
	}
	for i := range n {
		if id(i) == parts[2] {
			return i + 1, nil
		}
	}
	return min(index-1, n), nil // the entry went away, and those behind it moved up
}
