package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

func (h *handlers) getContextKeysForCustomPolicy(_ context.Context, c *awswire.Caller, in *iam.GetContextKeysForCustomPolicyInput) (*iam.GetContextKeysForCustomPolicyOutput, error) {
	if _, err := h.anything(c); err != nil {
		return nil, err
	}
	docs, err := inputs(in.PolicyInputList)
	if err != nil {
		return nil, err
	}
	return &iam.GetContextKeysForCustomPolicyOutput{ContextKeyNames: contextKeys(docs)}, nil
}

func (h *handlers) getContextKeysForPrincipalPolicy(_ context.Context, c *awswire.Caller, in *iam.GetContextKeysForPrincipalPolicyInput) (*iam.GetContextKeysForPrincipalPolicyOutput, error) {
	e, _, err := h.policySource(c, *in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	docs, err := inputs(in.PolicyInputList)
	if err != nil {
		return nil, err
	}
	docs = append(docs, e.Policies...)
	if e.Boundary != nil {
		docs = append(docs, e.Boundary)
	}
	return &iam.GetContextKeysForPrincipalPolicyOutput{ContextKeyNames: contextKeys(docs)}, nil
}

// inputs reads the policies of a request, of whatever kind they are.
func inputs(list []string) ([]*policy.Document, error) {
	var docs []*policy.Document
	for _, text := range list {
		doc, err := simulated(text, policy.Identity)
		for _, kind := range []policy.Kind{policy.Resource, policy.Trust} {
			if err == nil {
				break
			}
			if other, failed := policy.Parse([]byte(text), kind); failed == nil {
				doc, err = other, nil
			}
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}
