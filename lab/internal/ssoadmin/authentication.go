package ssoadmin

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/document"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) putApplicationAuthenticationMethod(_ context.Context, c *awswire.Caller, in *ssoadmin.PutApplicationAuthenticationMethodInput) (*ssoadmin.PutApplicationAuthenticationMethodOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	method := in.AuthenticationMethod.(*types.AuthenticationMethodMemberIam) // the only member
	text, doc, err := h.actorPolicy(method.Value.ActorPolicy)
	if err != nil {
		return nil, err
	}
	err = h.world.ChangeApplication(a.ARN, func(a *world.Application) error {
		a.ActorPolicy, a.ActorPolicyText = doc, text
		return nil
	})
	if err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.PutApplicationAuthenticationMethodOutput{}, nil
}

// actorPolicy reads a policy that must be a JSON object, and not a text that holds
// one. Roles and users that it names must exist; the refusal is reported by people.
func (h *handlers) actorPolicy(d document.Interface) (string, *policy.Document, error) {
	text, err := d.MarshalSmithyDocument()
	if err != nil {
		return "", nil, errActorPolicy()
	}
	doc, err := policy.Parse(text, policy.Actor)
	if err != nil {
		return "", nil, errActorPolicy()
	}
	if _, unknown := h.world.UnknownPrincipal(doc); unknown {
		return "", nil, errActorPolicy()
	}
	return string(text), doc, nil
}

func errActorPolicy() error { return invalid("Invalid actor policy provided") }

// methodOf is the authentication method of an application, false without one.
func methodOf(a *world.Application) (types.AuthenticationMethod, bool) {
	var doc any
	if a.ActorPolicy == nil || json.Unmarshal([]byte(a.ActorPolicyText), &doc) != nil {
		return nil, false
	}
	return &types.AuthenticationMethodMemberIam{Value: types.IamAuthenticationMethod{ActorPolicy: document.NewLazyDocument(doc)}}, true
}

func errNoMethod() error { return refuse(notFound, "Authentication method not found.") }

func (h *handlers) getApplicationAuthenticationMethod(_ context.Context, c *awswire.Caller, in *ssoadmin.GetApplicationAuthenticationMethodInput) (*ssoadmin.GetApplicationAuthenticationMethodOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	method, ok := methodOf(a)
	if !ok {
		return nil, errNoMethod()
	}
	return &ssoadmin.GetApplicationAuthenticationMethodOutput{AuthenticationMethod: method}, nil
}

func (h *handlers) listApplicationAuthenticationMethods(_ context.Context, c *awswire.Caller, in *ssoadmin.ListApplicationAuthenticationMethodsInput) (*ssoadmin.ListApplicationAuthenticationMethodsOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	var all []types.AuthenticationMethodItem
	if method, ok := methodOf(a); ok {
		all = append(all, types.AuthenticationMethodItem{AuthenticationMethodType: types.AuthenticationMethodTypeIam, AuthenticationMethod: method})
	}
	kind := func(m types.AuthenticationMethodItem) string { return string(m.AuthenticationMethodType) }
	page, next, err := pageOf(all, kind, "methods "+a.ARN, pageLimit, nil, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ssoadmin.ListApplicationAuthenticationMethodsOutput{AuthenticationMethods: page, NextToken: next}, nil
}

func (h *handlers) deleteApplicationAuthenticationMethod(_ context.Context, c *awswire.Caller, in *ssoadmin.DeleteApplicationAuthenticationMethodInput) (*ssoadmin.DeleteApplicationAuthenticationMethodOutput, error) {
	err := h.change(c, *in.ApplicationArn, func(a *world.Application) error {
		if a.ActorPolicy == nil {
			return errNoMethod()
		}
		a.ActorPolicy, a.ActorPolicyText = nil, ""
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ssoadmin.DeleteApplicationAuthenticationMethodOutput{}, nil
}
