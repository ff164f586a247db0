package iam

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// source is a policy of a simulation and what the answer calls it.
type source struct {
	id  string
	doc *policy.Document
}

// simulation is a question to the policy engine that nobody asked in earnest.
type simulation struct {
	actions, resources []string
	identity           []source
	boundary           *source
	resource           *policy.Document
	principal          policy.Principal
	owner              string // account of the resources whose ARN does not say
	given              policy.Context
}

func (h *handlers) simulateCustomPolicy(_ context.Context, c *awswire.Caller, in *iam.SimulateCustomPolicyInput) (*iam.SimulateCustomPolicyOutput, error) {
	session, err := h.anything(c)
	if err != nil {
		return nil, err
	}
	s := &simulation{principal: policy.Principal{AccountID: session.Account}}
	if err := s.fill(in); err != nil {
		return nil, err
	}
	p, err := s.page(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.SimulateCustomPolicyOutput{EvaluationResults: p.items, IsTruncated: p.truncated, Marker: p.marker}, nil
}

func (h *handlers) simulatePrincipalPolicy(_ context.Context, c *awswire.Caller, in *iam.SimulatePrincipalPolicyInput) (*iam.SimulatePrincipalPolicyOutput, error) {
	e, kind, err := h.policySource(c, *in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	s := &simulation{principal: policy.Principal{AccountID: e.Account}, identity: h.sources(e, kind)}
	if p, ok := h.world.Policy(e.BoundaryARN); ok {
		s.boundary = &source{p.Name, p.Document()}
	}
	caller := in.CallerArn
	if caller == nil {
		caller = in.PolicySourceArn
	}
	err = s.fill(&iam.SimulateCustomPolicyInput{
		ActionNames: in.ActionNames, PolicyInputList: in.PolicyInputList, CallerArn: caller, ContextEntries: in.ContextEntries,
		PermissionsBoundaryPolicyInputList: in.PermissionsBoundaryPolicyInputList, ResourceArns: in.ResourceArns,
		ResourceHandlingOption: in.ResourceHandlingOption, ResourceOwner: in.ResourceOwner, ResourcePolicy: in.ResourcePolicy,
	})
	if err != nil {
		return nil, err
	}
	p, err := s.page(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.SimulatePrincipalPolicyOutput{EvaluationResults: p.items, IsTruncated: p.truncated, Marker: p.marker}, nil
}

// policySource authorizes the operation of c on a role or user by its ARN and returns it.
func (h *handlers) policySource(c *awswire.Caller, arn string) (*world.Entity, string, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, "", err
	}
	account, kind, name, ok := entityARN(arn)
	if !ok {
		return nil, "", invalidInput("Invalid Entity Arn: %s does not clearly define entity type and name.", arn)
	}
	if account != session.Account {
		return nil, "", invalidInput("Invalid Policy Source Arn: caller's account %s does not have access to policies in account %s", session.Account, account)
	}
	var e *world.Entity
	if r, ok := h.world.Role(arn); ok {
		e = &r.Entity
	} else if u, ok := h.world.IAMUser(arn); ok {
		e = &u.Entity
	}
	if err := h.permit(c, session, c.Operation, resource{arn: arn, keys: entityKeys(e, nil)}); err != nil {
		return nil, "", err
	}
	if e == nil {
		return nil, "", noSuch("The %s with name %s cannot be found.", kind, name)
	}
	return e, kind, nil
}

// entityARN takes the ARN of a role, user or group apart.
func entityARN(arn string) (account, kind, name string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || parts[3] != "" || len(parts[4]) != 12 {
		return "", "", "", false
	}
	kind, _, _ = strings.Cut(parts[5], "/")
	name = parts[5][strings.LastIndexByte(parts[5], '/')+1:]
	return parts[4], kind, name, slices.Contains([]string{"role", "user", "group"}, kind) && name != "" && name != kind
}

// sources are the policies of a role or user: an embedded one is called by its
// holder and its name, a managed one by its name.
func (h *handlers) sources(e *world.Entity, kind string) []source {
	var all []source
	for _, p := range e.Inline {
		all = append(all, source{kind + "_" + e.Name + "_" + p.Name, p.Document})
	}
	for _, p := range h.attachedPolicies(e) {
		all = append(all, source{p.Name, p.Document()})
	}
	return all
}

// fill completes a simulation by what a request says.
func (s *simulation) fill(in *iam.SimulateCustomPolicyInput) error {
	for _, step := range []func(*iam.SimulateCustomPolicyInput) error{s.fillQuestion, s.fillPolicies, s.fillCaller, s.fillContext, s.fillResourcePolicy} {
		if err := step(in); err != nil {
			return err
		}
	}
	return nil
}

func (s *simulation) fillQuestion(in *iam.SimulateCustomPolicyInput) error {
	for _, action := range in.ActionNames {
		if !strings.Contains(action, ":") {
			return invalidInput("The action is invalid since it is missing names")
		}
		if strings.ContainsAny(action, "*?") {
			return invalidInput("The action %s is invalid since it has a wildcard", action)
		}
	}
	s.actions, s.resources = in.ActionNames, in.ResourceArns
	if len(s.resources) == 0 {
		s.resources = []string{"*"}
	}
	for _, arn := range s.resources {
		parts := strings.SplitN(arn, ":", 6)
		if arn == "*" && len(s.resources) == 1 {
			continue
		}
		if len(parts) != 6 || parts[0] != "arn" || parts[1] == "" || parts[2] == "" || parts[5] == "" {
			return invalidInput("ResourceNames are not in a valid ARN format: %s.", arn)
		}
	}
	return nil
}

func (s *simulation) fillPolicies(in *iam.SimulateCustomPolicyInput) error {
	for i, text := range in.PolicyInputList {
		doc, err := simulated(text, policy.Identity)
		if err != nil {
			return err
		}
		s.identity = append(s.identity, source{"PolicyInputList." + strconv.Itoa(i+1), doc})
	}
	if len(in.PermissionsBoundaryPolicyInputList) > 1 {
		return invalidInput("The list of Permissions Boundary policies cannot exceed 1 items.")
	}
	for _, text := range in.PermissionsBoundaryPolicyInputList {
		doc, err := simulated(text, policy.Identity)
		if err != nil {
			return err
		}
		s.boundary = &source{"PermissionsBoundaryPolicyInputList.1", doc}
	}
	return nil
}

// simulated reads a policy of a simulation, whose faults are of the input.
func simulated(text string, kind policy.Kind) (*policy.Document, error) {
	doc, err := policy.Parse([]byte(text), kind)
	if err != nil {
		return nil, invalidInput("%s", err.Error())
	}
	return doc, nil
}

// fillCaller sets who asks, and the condition keys that follow from that.
func (s *simulation) fillCaller(in *iam.SimulateCustomPolicyInput) error {
	s.given = policy.Context{}
	if in.CallerArn != nil {
		account, kind, name, ok := entityARN(*in.CallerArn)
		if !ok {
			return invalidInput("Invalid caller - Caller must be an IAM user, role or group in this context.")
		}
		s.principal = policy.Principal{ARN: *in.CallerArn, AccountID: account}
		s.given["aws:PrincipalArn"] = []string{*in.CallerArn}
		if kind == "user" {
			s.given["aws:username"] = []string{name}
		}
	}
	s.given["aws:PrincipalAccount"] = []string{s.principal.AccountID}
	s.owner = s.principal.AccountID
	if in.ResourceOwner != nil {
		parts := strings.SplitN(*in.ResourceOwner, ":", 6)
		if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || len(parts[4]) != 12 || parts[5] == "" {
			return invalidInput("'%s' is not a valid as a Resource Owner.", *in.ResourceOwner)
		}
		s.owner = parts[4]
	}
	return nil
}

// fillContext takes over the condition keys of a request, which go before what follows from the caller.
func (s *simulation) fillContext(in *iam.SimulateCustomPolicyInput) error {
	seen := policy.Context{}
	for _, e := range in.ContextEntries {
		key := aws.ToString(e.ContextKeyName)
		if key == "" {
			return invalidInput("ContextKeyName cannot be null or empty.")
		}
		if _, twice := seen.Get(key); twice {
			return invalidInput("Duplicate context key: %s.", key)
		}
		if err := checkEntry(&e); err != nil {
			return err
		}
		seen.Set(key)
		s.given.Set(key, e.ContextKeyValues...)
	}
	return nil
}

// fillResourcePolicy takes over a resource's policy, which needs a user who asks
// (IAM API reference: it is not supported for roles).
func (s *simulation) fillResourcePolicy(in *iam.SimulateCustomPolicyInput) error {
	if in.ResourcePolicy == nil {
		return nil
	}
	if s.principal.ARN == "" {
		return invalidInput("Invalid caller - Caller cannot be null or empty.")
	}
	if _, kind, _, _ := entityARN(s.principal.ARN); kind != "user" {
		return invalidInput("Invalid caller - Caller must be an IAM user in this context.")
	}
	if s.resources[0] == "*" {
		return invalidInput("Invalid Entity Arn: * does not clearly define entity type and name.")
	}
	var err error
	if s.resource, err = simulated(*in.ResourcePolicy, policy.Resource); err != nil {
		s.resource, err = simulated(*in.ResourcePolicy, policy.Trust)
	}
	return err
}
