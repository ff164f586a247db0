package s3control

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// pageLimit of ListCallerAccessGrants.
const pageLimit = 1000

func (h *handlers) listCallerAccessGrants(_ context.Context, c *awswire.Caller, in *s3control.ListCallerAccessGrantsInput) (*s3control.ListCallerAccessGrantsOutput, error) {
	session, instance, err := h.instance(c, aws.ToString(in.AccountId), "s3:ListCallerAccessGrants")
	if err != nil {
		return nil, err
	}
	from, err := h.offset(in.NextToken)
	if err != nil {
		return nil, err
	}
	size := pageLimit
	if in.MaxResults > 0 {
		size = int(min(in.MaxResults, pageLimit))
	}
	id := h.identities(session, instance)
	all := h.callerGrants(instance, &id, in)
	page := all[min(from, len(all)):min(from+size, len(all))]
	out := &s3control.ListCallerAccessGrantsOutput{CallerAccessGrantsList: page}
	if from+size < len(all) {
		out.NextToken = aws.String(base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(from + size))))
	}
	return out, nil
}

func (h *handlers) callerGrants(in *world.AccessGrants, id *identities, r *s3control.ListCallerAccessGrantsInput) []types.ListCallerAccessGrantsEntry {
	var all []types.ListCallerAccessGrantsEntry
	anyApplication := *id
	for _, g := range in.Grants {
		if !r.AllowedByApplication {
			anyApplication.application = g.ApplicationARN
		}
		if !anyApplication.holds(g) || !strings.HasPrefix(g.Scope, aws.ToString(r.GrantScope)) {
			continue
		}
		application := g.ApplicationARN
		if g.Grantee == world.IAMGrantee {
			if id.directory && !*h.world.Switches.CallerGrantsOfRole {
				continue
			}
			application = "NA"
		}
		all = append(all, types.ListCallerAccessGrantsEntry{
			ApplicationArn: &application, GrantScope: &g.Scope, Permission: types.Permission(g.Permission),
		})
	}
	return all
}

func (h *handlers) offset(token *string) (int, error) {
	if token == nil {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil {
		return 0, h.invalid("The nextToken is not valid")
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 0 {
		return 0, h.invalid("The nextToken is not valid")
	}
	return n, nil
}
