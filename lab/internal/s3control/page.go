package s3control

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// pageLimit is the most entries on a page, and their number where maxResults is absent.
const pageLimit = 1000

// pageOf returns the entries behind a nextToken, and the next one. list is in the
// order of its numbers, which entries keep: one that goes away meanwhile takes no
// other with it. A token is bound to what is listed and says which entry was last.
func pageOf[T any](h *handlers, list []T, number func(T) int, listed string, size int32, token *string) (page []T, next *string, err error) {
	after, err := h.opened(listed, token)
	if err != nil {
		return nil, nil, err
	}
	if size < 1 || size > pageLimit {
		size = pageLimit
	}
	for _, one := range list {
		if number(one) <= after {
			continue
		}
		if len(page) == int(size) {
			text := base64.RawURLEncoding.EncodeToString([]byte(listed + " " + strconv.Itoa(number(page[size-1]))))
			return page, &text, nil
		}
		page = append(page, one)
	}
	return page, nil, nil
}

func (h *handlers) opened(listed string, token *string) (after int, err error) {
	if token == nil {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*token)
	number, ok := strings.CutPrefix(string(text), listed+" ")
	if err == nil && ok {
		after, err = strconv.Atoi(number)
	}
	if err != nil || after < 1 {
		return 0, h.invalid("The nextToken is not valid")
	}
	return after, nil
}
