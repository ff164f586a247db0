package ssoadmin

import (
	"encoding/base64"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Sizes of pages, which are also those without MaxResults.
const (
	pageLimit       = 100
	instancePage    = 10
	applicationPage = 50
	scopePage       = 10
)

// pageOf returns the entries behind a NextToken, and the next one. list is in the
// order of its ids. A token is bound to what is listed and names the last entry
// that was given: one that goes away meanwhile takes no other with it.
func pageOf[T any](list []T, id func(T) string, listed string, limit int, asked *int32, token *string) (page []T, next *string, err error) {
	after, err := opened(token, listed)
	if err != nil {
		return nil, nil, err
	}
	if asked != nil {
		limit = min(int(*asked), limit)
	}
	for _, one := range list {
		if id(one) <= after {
			continue
		}
		if len(page) == limit {
			return page, aws.String(base64.StdEncoding.EncodeToString([]byte(listed + " " + id(page[limit-1])))), nil
		}
		page = append(page, one)
	}
	return page, nil, nil
}

// opened is the id of the last entry of the page before, empty for none.
func opened(token *string, listed string) (after string, err error) {
	if aws.ToString(token) == "" {
		return "", nil
	}
	text, err := base64.StdEncoding.DecodeString(*token)
	after, ok := strings.CutPrefix(string(text), listed+" ")
	if err != nil || !ok {
		return "", invalid("The NextToken is not valid for this request.")
	}
	return after, nil
}
