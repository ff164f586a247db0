package secretsmanager

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) getResourcePolicy(_ context.Context, c *awswire.Caller, in *secretsmanager.GetResourcePolicyInput) (*secretsmanager.GetResourcePolicyOutput, error) {
	s, _, err := h.usable(c, in.SecretId, nil)
	if err != nil {
		return nil, err
	}
	return &secretsmanager.GetResourcePolicyOutput{ARN: &s.ARN, Name: &s.Name, ResourcePolicy: text(s.PolicyText)}, nil
}

func (h *handlers) putResourcePolicy(_ context.Context, c *awswire.Caller, in *secretsmanager.PutResourcePolicyInput) (*secretsmanager.PutResourcePolicyOutput, error) {
	block := aws.ToBool(in.BlockPublicPolicy)
	s, _, err := h.usable(c, in.SecretId, func(*world.Secret) policy.Context {
		return policy.Context{"secretsmanager:BlockPublicPolicy": {strconv.FormatBool(block)}}
	})
	if err != nil {
		return nil, err
	}
	doc, err := h.parse(*in.ResourcePolicy)
	if err != nil {
		return nil, err
	}
	if block && doc.Public() {
		return nil, refuse("PublicPolicyException", "The resource policy did not prevent broad access to the secret.")
	}
	s, err = h.change(s, func(s *world.Secret) error {
		s.Policy, s.PolicyText = doc, *in.ResourcePolicy
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &secretsmanager.PutResourcePolicyOutput{ARN: &s.ARN, Name: &s.Name}, nil
}

// parse reads a resource policy and looks whether the roles and users that it
// names exist, as far as their accounts are of this world.
func (h *handlers) parse(document string) (*policy.Document, error) {
	if !json.Valid([]byte(document)) {
		return nil, refuse("MalformedPolicyDocumentException", "This resource policy contains invalid Json.")
	}
	doc, err := policy.Parse([]byte(document), policy.Resource)
	if err != nil {
		return nil, refuse("MalformedPolicyDocumentException", "This resource policy contains a syntax error. "+err.Error())
	}
	if _, unknown := h.world.UnknownPrincipal(doc); unknown {
		return nil, refuse("MalformedPolicyDocumentException", "This resource policy contains an unsupported principal.")
	}
	return doc, nil
}

func (h *handlers) deleteResourcePolicy(_ context.Context, c *awswire.Caller, in *secretsmanager.DeleteResourcePolicyInput) (*secretsmanager.DeleteResourcePolicyOutput, error) {
	s, _, err := h.usable(c, in.SecretId, nil)
	if err != nil {
		return nil, err
	}
	s, err = h.change(s, func(s *world.Secret) error {
		s.Policy, s.PolicyText = nil, ""
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &secretsmanager.DeleteResourcePolicyOutput{ARN: &s.ARN, Name: &s.Name}, nil
}
