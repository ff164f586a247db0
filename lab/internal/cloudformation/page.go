package cloudformation

import (
	"encoding/base64"
	"strings"
)

// pageLimit is the most entries on a page.
const pageLimit = 100

// pageOf returns the entries behind a NextToken, and the next one. A token is
// bound to what is listed and names the entry that was last by its id.
func pageOf[T any](list []T, id func(T) string, listed string, token *string) (page []T, next *string, err error) {
	from := 0
	if token != nil {
		text, err := base64.RawURLEncoding.DecodeString(*token)
		last, ok := strings.CutPrefix(string(text), listed+"\n")
		from = -1
		for i, one := range list {
			if err == nil && ok && id(one) == last {
				from = i + 1
			}
		}
		if from < 0 {
			return nil, nil, invalid("NextToken is invalid")
		}
	}
	page = list[from:]
	if len(page) > pageLimit {
		page = page[:pageLimit]
		text := base64.RawURLEncoding.EncodeToString([]byte(listed + "\n" + id(page[pageLimit-1])))
		next = &text
	}
	return page, next, nil
}
