package secretsmanager

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) getSecretValue(_ context.Context, c *awswire.Caller, in *secretsmanager.GetSecretValueInput) (*secretsmanager.GetSecretValueOutput, error) {
	s, session, err := h.usable(c, in.SecretId, func(s *world.Secret) policy.Context { return h.versionKeys(s, in) })
	if err != nil {
		return nil, err
	}
	if err := shared(s, session); err != nil {
		return nil, err
	}
	v, err := version(s, in.VersionId, in.VersionStage)
	if err != nil {
		return nil, err
	}
	if err := h.decrypt(c, s, session, v.ID); err != nil {
		return nil, err
	}
	h.accessed(s, v.ID)
	return &secretsmanager.GetSecretValueOutput{
		ARN: &s.ARN, Name: &s.Name, VersionId: &v.ID, VersionStages: v.Stages, CreatedDate: &v.Created, SecretString: v.Text, SecretBinary: v.Binary,
	}, nil
}

// versionKeys are the condition keys about the version that is asked for.
func (h *handlers) versionKeys(s *world.Secret, in *secretsmanager.GetSecretValueInput) policy.Context {
	keys := policy.Context{}
	if in.VersionId != nil {
		keys["secretsmanager:VersionId"] = []string{*in.VersionId}
	}
	if h.world.Switches.SecretStageKey == "request" {
		if in.VersionStage != nil {
			keys["secretsmanager:VersionStage"] = []string{*in.VersionStage}
		}
		return keys
	}
	if s != nil {
		if v, err := version(s, in.VersionId, in.VersionStage); err == nil {
			keys["secretsmanager:VersionStage"] = v.Stages
		}
	}
	return keys
}

// version is the one with an id, a staging label or both, by default AWSCURRENT.
func version(s *world.Secret, id, stage *string) (*world.SecretVersion, error) {
	if id == nil {
		label := world.StageCurrent
		if stage != nil {
			label = *stage
		}
		if v, ok := s.Staged(label); ok {
			return v, nil
		}
		return nil, refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: "+label)
	}
	v, ok := s.Version(*id)
	if !ok {
		return nil, refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for VersionId: "+*id)
	}
	if stage != nil && !slices.Contains(v.Stages, *stage) {
		return nil, invalidRequest("You provided a VersionStage that is not associated to the provided VersionId.")
	}
	return v, nil
}

// accessed notes the day on which a value was read.
func (h *handlers) accessed(s *world.Secret, id string) {
	day := h.now().Truncate(24 * time.Hour)
	if v, ok := s.Version(id); ok && s.Accessed.Equal(day) && v.Accessed.Equal(day) {
		return
	}
	// A secret that was deleted meanwhile needs no note.
	_, _ = h.world.ChangeSecret(s.ARN, func(s *world.Secret) error {
		s.Accessed = day
		if v, ok := s.Version(id); ok {
			v.Accessed = day
		}
		return nil
	})
}

func (h *handlers) describeSecret(_ context.Context, c *awswire.Caller, in *secretsmanager.DescribeSecretInput) (*secretsmanager.DescribeSecretOutput, error) {
	s, _, err := h.find(c, in.SecretId, nil)
	if err != nil {
		return nil, err
	}
	e := entry(s)
	return &secretsmanager.DescribeSecretOutput{
		ARN: e.ARN, Name: e.Name, Description: e.Description, KmsKeyId: e.KmsKeyId, Tags: e.Tags, CreatedDate: e.CreatedDate,
		LastChangedDate: e.LastChangedDate, LastAccessedDate: e.LastAccessedDate, DeletedDate: e.DeletedDate, VersionIdsToStages: e.SecretVersionsToStages,
	}, nil
}

// entry is a secret as ListSecrets shows it.
func entry(s *world.Secret) types.SecretListEntry {
	e := types.SecretListEntry{
		ARN: &s.ARN, Name: &s.Name, Description: text(s.Description), KmsKeyId: text(s.KMSKeyID), Tags: tagList(s.Tags),
		CreatedDate: &s.Created, LastChangedDate: &s.Changed, LastAccessedDate: date(s.Accessed), DeletedDate: date(s.Deleted),
	}
	for _, v := range s.Versions {
		if len(v.Stages) == 0 {
			continue
		}
		if e.SecretVersionsToStages == nil {
			e.SecretVersionsToStages = map[string][]string{}
		}
		e.SecretVersionsToStages[v.ID] = v.Stages
	}
	return e
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func date(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// batchSize is the most values of one answer.
const batchSize = 20

// batchGetSecretValue needs BatchGetSecretValue for the request, ListSecrets for
// filters, and GetSecretValue for each secret; what one of them refuses is told beside the others.
func (h *handlers) batchGetSecretValue(ctx context.Context, c *awswire.Caller, in *secretsmanager.BatchGetSecretValueInput) (*secretsmanager.BatchGetSecretValueOutput, error) {
	if (len(in.SecretIdList) == 0) == (len(in.Filters) == 0) {
		return nil, invalidParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
	}
	if in.MaxResults != nil && len(in.Filters) == 0 {
		return nil, invalidParameter("'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.")
	}
	session, err := h.allowAll(c, c.Operation)
	if err != nil {
		return nil, err
	}
	ids, next := in.SecretIdList, (*string)(nil)
	if len(in.Filters) > 0 {
		if _, err := h.allowAll(c, "ListSecrets"); err != nil {
			return nil, err
		}
		if err := checkFilters(in.Filters); err != nil {
			return nil, err
		}
		found := h.filtered(session.Account, c.Region, in.Filters, false)
		page, token, err := pageOf(found, "batch", min(aws.ToInt32(in.MaxResults), batchSize), batchSize, in.NextToken)
		if err != nil {
			return nil, err
		}
		next = token
		for _, s := range page {
			ids = append(ids, s.ARN)
		}
	}
	out := &secretsmanager.BatchGetSecretValueOutput{NextToken: next}
	one := *c
	one.Operation = "GetSecretValue"
	for _, id := range ids {
		h.addValue(ctx, &one, out, id)
	}
	return out, nil
}

func (h *handlers) addValue(ctx context.Context, c *awswire.Caller, out *secretsmanager.BatchGetSecretValueOutput, id string) {
	v, err := h.getSecretValue(ctx, c, &secretsmanager.GetSecretValueInput{SecretId: &id})
	var refused *awswire.Error
	switch {
	case errors.As(err, &refused):
		out.Errors = append(out.Errors, types.APIErrorType{SecretId: &id, ErrorCode: &refused.Code, Message: &refused.Message})
	case err == nil:
		out.SecretValues = append(out.SecretValues, types.SecretValueEntry{
			ARN: v.ARN, Name: v.Name, VersionId: v.VersionId, VersionStages: v.VersionStages, CreatedDate: v.CreatedDate,
			SecretString: v.SecretString, SecretBinary: v.SecretBinary,
		})
	}
}

// allowAll authorizes an operation that is about no secret in particular.
func (h *handlers) allowAll(c *awswire.Caller, operation string) (*world.Session, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	err = h.authz.Allow(&authz.Request{
		Caller: c, Session: session, Action: "secretsmanager:" + operation, Resource: "*", ResourceAccount: session.Account,
	})
	if err != nil {
		return nil, refuse("AccessDeniedException", err.Error())
	}
	return session, nil
}
