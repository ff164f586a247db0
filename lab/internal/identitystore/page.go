package identitystore

import (
	"encoding/base64"
	"strings"
)

// pageLimit is the most entries on a page, and their number where MaxResults is absent.
const pageLimit = 100

// pageOf returns the entries behind a NextToken, and the next one. The token is
// bound to what is listed, and names the last entry that was given.
func pageOf[T any](list []T, id func(T) string, listed string, limit *int32, token *string) (page []T, next *string, err error) {
	after, err := opened(token, listed)
	if err != nil {
		return nil, nil, err
	}
	size := pageLimit
	if limit != nil {
		size = int(min(*limit, pageLimit))
	}
	page = make([]T, 0, size)
	for _, one := range list {
		if id(one) <= after {
			continue
		}
		if len(page) == size {
			text := base64.StdEncoding.EncodeToString([]byte(listed + " " + id(page[size-1])))
			return page, &text, nil
		}
		page = append(page, one)
	}
	return page, nil, nil
}

func opened(token *string, listed string) (after string, err error) {
	if token == nil {
		return "", nil
	}
	text, err := base64.StdEncoding.DecodeString(*token)
	after, ok := strings.CutPrefix(string(text), listed+" ")
	if err != nil || !ok {
		return "", invalid("The NextToken is not valid for this request.")
	}
	return after, nil
}
