package identitystore

import (
	"encoding/base64"
	"sort"
	"strings"
)

// pageLimit is the most entries on a page, and their number where MaxResults is absent.
const pageLimit = 100

// pageOf returns the entries behind a NextToken, and the next one. The list is in
// the order of its ids; the token is bound to what is listed, and names the last
// entry that was given.
func pageOf[T any](list []T, id func(T) string, listed string, limit *int32, token *string) (page []T, next *string, err error) {
	after, err := opened(token, listed)
	if err != nil {
		return nil, nil, err
	}
	size := pageLimit
	if limit != nil {
		size = int(min(*limit, pageLimit))
	}
	list = list[sort.Search(len(list), func(i int) bool { return id(list[i]) > after }):]
	if len(list) <= size {
		return list, nil, nil
	}
	text := base64.StdEncoding.EncodeToString([]byte(listed + " " + id(list[size-1])))
	return list[:size], &text, nil
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
