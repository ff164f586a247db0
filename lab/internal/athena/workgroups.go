package athena

import (
	"context"
	"encoding/base64"
	"errors"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) createWorkGroup(_ context.Context, c *awswire.Caller, in *athena.CreateWorkGroupInput) (*athena.CreateWorkGroupOutput, error) {
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	session, err := h.permit(c, *in.Name, tagKeys(tags))
	if err != nil {
		return nil, err
	}
	given := in.Configuration
	if given == nil {
		given = &types.WorkGroupConfiguration{}
	}
	if err := h.pass(c, session, given.ExecutionRole); err != nil {
		return nil, err
	}
	g, err := h.made(c, session, in, given)
	if err != nil {
		return nil, err
	}
	g.Tags = tags
	switch err := h.world.AddWorkGroup(g); {
	case errors.Is(err, world.ErrWorkGroupExists):
		return nil, invalid("WorkGroup is already created")
	case err != nil:
		return nil, invalid("The number of WorkGroups has reached the limit of %d.", world.MaxWorkGroups)
	}
	return &athena.CreateWorkGroupOutput{}, nil
}

// made is the work group that a request wants.
func (h *handlers) made(c *awswire.Caller, s *world.Session, in *athena.CreateWorkGroupInput, given *types.WorkGroupConfiguration) (*world.WorkGroup, error) {
	if *in.Name == world.PrimaryWorkGroup {
		return nil, invalid("primary workGroup could not be created")
	}
	if err := check(given); err != nil {
		return nil, err
	}
	i, err := h.center(c, s.Account, given)
	if err != nil {
		return nil, err
	}
	g := h.world.NewWorkGroup(s.Account, c.Region, *in.Name)
	g.Description, g.Created = aws.ToString(in.Description), h.now()
	if g.Configuration, err = text(given); err != nil {
		return nil, err
	}
	if i != nil {
		g.JoinIdentityCenter(i)
	}
	return g, nil
}

func tagsOf(list []types.Tag) (map[string]string, error) {
	tags := map[string]string{}
	for _, t := range list {
		key := aws.ToString(t.Key)
		if _, twice := tags[key]; twice {
			return nil, invalid("Duplicate tag keys are not allowed: %s", key)
		}
		tags[key] = aws.ToString(t.Value)
	}
	if err := world.CheckTags(tags); err != nil {
		return nil, invalid("%v", err)
	}
	return tags, nil
}

func (h *handlers) getWorkGroup(_ context.Context, c *awswire.Caller, in *athena.GetWorkGroupInput) (*athena.GetWorkGroupOutput, error) {
	session, err := h.permit(c, *in.WorkGroup, nil)
	if err != nil {
		return nil, err
	}
	g, ok := h.world.WorkGroup(session.Account, c.Region, *in.WorkGroup)
	if !ok {
		return nil, notFound()
	}
	configuration, err := shown(g)
	if err != nil {
		return nil, err
	}
	return &athena.GetWorkGroupOutput{WorkGroup: &types.WorkGroup{
		Name: &g.Name, State: state(g), Description: &g.Description, Configuration: configuration, CreationTime: date(g.Created),
		IdentityCenterApplicationArn: unlessEmpty(g.ApplicationARN),
	}}, nil
}

func state(g *world.WorkGroup) types.WorkGroupState {
	if g.Disabled {
		return types.WorkGroupStateDisabled
	}
	return types.WorkGroupStateEnabled
}

func date(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// deleteWorkGroup needs no RecursiveDeleteOption: without queries no work group has
// contents.
func (h *handlers) deleteWorkGroup(_ context.Context, c *awswire.Caller, in *athena.DeleteWorkGroupInput) (*athena.DeleteWorkGroupOutput, error) {
	session, err := h.permit(c, *in.WorkGroup, nil)
	if err != nil {
		return nil, err
	}
	if *in.WorkGroup == world.PrimaryWorkGroup {
		return nil, invalid("primary workGroup could not be deleted")
	}
	if h.world.RemoveWorkGroup(session.Account, c.Region, *in.WorkGroup) != nil {
		return nil, notFound()
	}
	return &athena.DeleteWorkGroupOutput{}, nil
}

// pageLimit is the most work groups on a page, and their number where MaxResults is absent.
const pageLimit = 50

// listed begins the NextToken of ListWorkGroups.
const listed = "workgroups "

func (h *handlers) listWorkGroups(_ context.Context, c *awswire.Caller, in *athena.ListWorkGroupsInput) (*athena.ListWorkGroupsOutput, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	if err := h.allow(c, session, "athena:ListWorkGroups", "*", nil); err != nil {
		return nil, err
	}
	page, next, err := pageOf(h.world.WorkGroups(session.Account, c.Region), in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &athena.ListWorkGroupsOutput{WorkGroups: make([]types.WorkGroupSummary, len(page)), NextToken: next}
	for i, g := range page {
		if out.WorkGroups[i], err = summary(g); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func summary(g *world.WorkGroup) (types.WorkGroupSummary, error) {
	configuration, err := shown(g)
	if err != nil {
		return types.WorkGroupSummary{}, err
	}
	return types.WorkGroupSummary{
		Name: &g.Name, State: state(g), Description: &g.Description, CreationTime: date(g.Created), EngineVersion: configuration.EngineVersion,
		IdentityCenterApplicationArn: unlessEmpty(g.ApplicationARN),
	}, nil
}

// pageOf returns the work groups behind a NextToken, and the next one, which names
// the last that was given.
func pageOf(list []*world.WorkGroup, limit *int32, token *string) (page []*world.WorkGroup, next *string, err error) {
	if token != nil {
		opened, _ := base64.StdEncoding.DecodeString(*token)
		after, ok := strings.CutPrefix(string(opened), listed)
		if !ok {
			return nil, nil, invalid("The NextToken is not valid.")
		}
		list = list[sort.Search(len(list), func(i int) bool { return list[i].Name > after }):]
	}
	size := pageLimit
	if limit != nil {
		size = int(*limit)
	}
	if len(list) <= size {
		return list, nil, nil
	}
	following := base64.StdEncoding.EncodeToString([]byte(listed + list[size-1].Name))
	return list[:size], &following, nil
}
