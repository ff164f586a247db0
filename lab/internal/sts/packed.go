package sts

import (
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	// packedLimit stands in for the size of the packed form, in characters.
	packedLimit = 2048
	// inlineLimit is that of the plain text of a policy, in characters, white space
	// included (STS API reference, AssumeRole).
	inlineLimit = 2048
	// managedLimit of PolicyArns (STS API reference, AssumeRole).
	managedLimit = 10
)

// sessionPolicies returns the policies that limit a session of a role: the inline
// one and the managed ones, which are AWS's or of the role's account.
func (h *handlers) sessionPolicies(role *world.Role, inline *string, managed []types.PolicyDescriptorType) ([]*policy.Document, error) {
	if len(managed) > managedLimit {
		return nil, validationError("1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to %d", managedLimit)
	}
	var all []*policy.Document
	if inline != nil {
		doc, err := inlinePolicy(*inline)
		if err != nil {
			return nil, err
		}
		all = append(all, doc)
	}
	for _, p := range managed {
		arn := aws.ToString(p.Arn)
		doc, ok := h.world.ManagedPolicy(arn)
		if owner := accountOf(arn); !ok || owner != role.Account && owner != "aws" {
			return nil, &awswire.Error{Code: "NoSuchEntity", Status: http.StatusNotFound, Message: "ARN " + arn + " does not exist or is not attachable."}
		}
		all = append(all, doc)
	}
	return all, nil
}

// inlinePolicy reads the Policy of a request.
func inlinePolicy(text string) (*policy.Document, error) {
	if utf8.RuneCountInString(text) > inlineLimit {
		return nil, validationError("1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to %d", inlineLimit)
	}
	doc, err := policy.Parse([]byte(text), policy.Session)
	var syntax *policy.SyntaxError
	if errors.As(err, &syntax) {
		return nil, &awswire.Error{Code: "MalformedPolicyDocument", Message: syntax.Message}
	}
	return doc, err
}

// packed is what STS packs into a session token, in characters.
type packed struct{ policies, tags, context int }

// packedOf counts the policies of a request and the tags of a session, inherited
// ones included, without white space between the elements of a policy.
func packedOf(inline *string, managed []types.PolicyDescriptorType, tags map[string]string) packed {
	var p packed
	if inline != nil {
		p.policies = policy.Size([]byte(*inline))
	}
	for _, m := range managed {
		p.policies += len(aws.ToString(m.Arn))
	}
	for key, value := range tags {
		p.tags += len(key) + len(value)
	}
	return p
}

// percent is the PackedPolicySize, nil where nothing is packed.
func (p packed) percent() *int32 {
	n := p.policies + p.tags + p.context
	if n == 0 {
		return nil
	}
	return aws.Int32(int32((n*100 + packedLimit - 1) / packedLimit))
}

// fits refuses what is too large when packed.
func (h *handlers) fits(p packed) error {
	size := p.percent()
	if size == nil || *size <= 100 || !*h.world.Switches.PackedPolicyLimit {
		return nil
	}
	e := &awswire.Error{Code: "PackedPolicyTooLarge", Status: http.StatusBadRequest}
	if p.policies > 0 {
		e.Message = fmt.Sprintf("Packed policy consumes %d%% of allotted space, please use smaller policy.", *size)
	} else {
		e.Message = fmt.Sprintf("Packed size of session tags consumes %d%% of allotted space.", *size)
	}
	return e
}
