package secretsmanager

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// pageLimit is the most entries on a page, and their number where MaxResults is absent.
const pageLimit = 100

func (h *handlers) listSecrets(_ context.Context, c *awswire.Caller, in *secretsmanager.ListSecretsInput) (*secretsmanager.ListSecretsOutput, error) {
	session, err := h.allowAll(c, c.Operation)
	if err != nil {
		return nil, err
	}
	if err := checkFilters(in.Filters); err != nil {
		return nil, err
	}
	found := h.filtered(session.Account, c.Region, in.Filters, aws.ToBool(in.IncludePlannedDeletion))
	slices.SortStableFunc(found, order(in.SortBy))
	if in.SortOrder == types.SortOrderTypeDesc {
		slices.Reverse(found)
	}
	page, next, err := pageOf(found, "secrets", aws.ToInt32(in.MaxResults), pageLimit, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.ListSecretsOutput{SecretList: make([]types.SecretListEntry, len(page)), NextToken: next}
	for i, s := range page {
		out.SecretList[i] = entry(s)
	}
	return out, nil
}

// order compares secrets that lie in the order of their names.
func order(by types.SortByType) func(a, b *world.Secret) int {
	switch by {
	case types.SortByTypeName:
		return func(a, b *world.Secret) int { return cmp.Compare(a.Name, b.Name) }
	case types.SortByTypeLastAccessedDate:
		return func(a, b *world.Secret) int { return a.Accessed.Compare(b.Accessed) }
	case types.SortByTypeLastChangedDate:
		return func(a, b *world.Secret) int { return a.Changed.Compare(b.Changed) }
	}
	return func(a, b *world.Secret) int { return a.Created.Compare(b.Created) }
}

// checkFilters refuses a filter that filters nothing.
func checkFilters(filters []types.Filter) error {
	for _, f := range filters {
		if f.Key == "" || len(f.Values) == 0 {
			return invalidParameter("A filter needs a Key and Values.")
		}
	}
	return nil
}

// filtered are the secrets of an account and region that every filter lets through.
func (h *handlers) filtered(account, region string, filters []types.Filter, deleted bool) []*world.Secret {
	return slices.DeleteFunc(h.world.Secrets(account, region), func(s *world.Secret) bool {
		if !deleted && !s.Deleted.IsZero() {
			return true
		}
		return slices.ContainsFunc(filters, func(f types.Filter) bool { return !matches(s, &f) })
	})
}

// matches reports whether one of a filter's values fits, or none of those behind
// an exclamation mark (API reference, Filter).
func matches(s *world.Secret, f *types.Filter) bool {
	for _, value := range f.Values {
		excluded, negated := strings.CutPrefix(value, "!")
		if negated && !begins(s, f.Key, excluded) || !negated && begins(s, f.Key, value) {
			return true
		}
	}
	return false
}

// begins reports whether an attribute, or a word of a text, begins with a value.
func begins(s *world.Secret, key types.FilterNameStringType, value string) bool {
	switch key {
	case types.FilterNameStringTypeName:
		return strings.HasPrefix(s.Name, value)
	case types.FilterNameStringTypeDescription:
		return words(s.Description, value)
	case types.FilterNameStringTypeTagKey:
		return slices.ContainsFunc(tagList(s.Tags), func(t types.Tag) bool { return strings.HasPrefix(*t.Key, value) })
	case types.FilterNameStringTypeTagValue:
		return slices.ContainsFunc(tagList(s.Tags), func(t types.Tag) bool { return strings.HasPrefix(*t.Value, value) })
	case types.FilterNameStringTypeAll:
		all := []string{s.Name, s.Description}
		for key, tag := range s.Tags {
			all = append(all, key, tag)
		}
		return words(strings.Join(all, " "), value)
	}
	return false // the lab's secrets have neither replicas nor owning services
}

// words reports whether every word of value begins a word of text, whatever the case.
func words(text, value string) bool {
	own := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" /_+=.@-", r) })
	for word := range strings.FieldsSeq(strings.ToLower(value)) {
		if !slices.ContainsFunc(own, func(w string) bool { return strings.HasPrefix(w, word) }) {
			return false
		}
	}
	return true
}

// pageOf returns the entries behind a NextToken, and the next one. The token is
// bound to what is listed, and says how many came before.
func pageOf[T any](list []T, listed string, size, limit int32, token *string) (page []T, next *string, err error) {
	from := 0
	if token != nil {
		opened, _ := base64.StdEncoding.DecodeString(*token)
		count, ok := strings.CutPrefix(string(opened), listed+" ")
		if from, err = strconv.Atoi(count); err != nil || !ok || from < 1 {
			return nil, nil, refuse("InvalidNextTokenException", "The NextToken value is invalid.")
		}
	}
	if size < 1 || size > limit {
		size = limit
	}
	list = list[min(from, len(list)):]
	if len(list) <= int(size) {
		return list, nil, nil
	}
	following := base64.StdEncoding.EncodeToString([]byte(listed + " " + strconv.Itoa(from+int(size))))
	return list[:size], &following, nil
}

func (h *handlers) listSecretVersionIDs(_ context.Context, c *awswire.Caller, in *secretsmanager.ListSecretVersionIdsInput) (*secretsmanager.ListSecretVersionIdsOutput, error) {
	s, _, err := h.find(c, in.SecretId, nil)
	if err != nil {
		return nil, err
	}
	var list []types.SecretVersionsListEntry
	for _, v := range s.Versions {
		if len(v.Stages) == 0 && !aws.ToBool(in.IncludeDeprecated) {
			continue
		}
		list = append(list, types.SecretVersionsListEntry{
			VersionId: &v.ID, VersionStages: v.Stages, CreatedDate: &v.Created, LastAccessedDate: date(v.Accessed), KmsKeyIds: []string{keyName(s)},
		})
	}
	page, next, err := pageOf(list, "versions "+s.ARN, aws.ToInt32(in.MaxResults), pageLimit, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &secretsmanager.ListSecretVersionIdsOutput{ARN: &s.ARN, Name: &s.Name, Versions: page, NextToken: next}, nil
}

// keyName is the KMS key of a secret as ListSecretVersionIds names it.
func keyName(s *world.Secret) string {
	if s.KMSKeyID == "" {
		return "DefaultEncryptionKey"
	}
	return s.KMSKeyID
}
