package cloudformation

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// inlinePolicies is a property of roles and users.
var inlinePolicies = property{name: "Policies", form: listForm, members: []property{
	{name: "PolicyName", required: true}, {name: "PolicyDocument", form: freeForm, required: true},
}}

func iamKinds() []*kind {
	return []*kind{
		{
			name: "AWS::IAM::Role", capability: true, naming: "RoleName", taggable: true, attributes: []string{"Arn", "RoleId"},
			properties: []property{
				{name: "AssumeRolePolicyDocument", form: freeForm, required: true}, {name: "Description"},
				{name: "ManagedPolicyArns", form: textsForm, unique: true}, {name: "MaxSessionDuration", form: numberForm}, {name: "Path", replaces: true},
				{name: "PermissionsBoundary"}, inlinePolicies, {name: "RoleName", replaces: true}, resourceTags,
			},
			make: makeRole, change: changeRole, remove: removeRole,
		},
		{
			name: "AWS::IAM::RolePolicy", capability: true,
			properties: []property{
				{name: "PolicyDocument", form: freeForm}, {name: "PolicyName", required: true, replaces: true},
				{name: "RoleName", required: true, replaces: true},
			},
			make: makeRolePolicy, change: putRolePolicy, remove: removeRolePolicy, ref: firstPart,
		},
		{
			name: "AWS::IAM::Policy", capability: true, attributes: []string{"Id"},
			properties: []property{
				{name: "PolicyDocument", form: freeForm, required: true}, {name: "PolicyName", required: true},
				{name: "Roles", form: textsForm, unique: true}, {name: "Users", form: textsForm, unique: true},
			},
			make: makePolicy, change: changePolicy, remove: removePolicy,
		},
		{
			name: "AWS::IAM::ManagedPolicy", capability: true, naming: "ManagedPolicyName",
			attributes: []string{"AttachmentCount", "CreateDate", "DefaultVersionId", "IsAttachable", "PermissionsBoundaryUsageCount", "PolicyArn", "PolicyId", "UpdateDate"},
			properties: []property{
				{name: "Description", replaces: true}, {name: "ManagedPolicyName", replaces: true}, {name: "Path", replaces: true},
				{name: "PolicyDocument", form: freeForm, required: true},
				{name: "Roles", form: textsForm, unique: true}, {name: "Users", form: textsForm, unique: true},
			},
			make: makeManagedPolicy, change: changeManagedPolicy, remove: removeManagedPolicy,
		},
		{
			name: "AWS::IAM::OIDCProvider", taggable: true, attributes: []string{"Arn"},
			properties: []property{{name: "ClientIdList", form: textsForm}, resourceTags, {name: "ThumbprintList", form: textsForm}, {name: "Url", required: true, replaces: true}},
			make:       makeProvider, change: changeProvider, remove: removeProvider,
		},
	}
}

func iamTags(of map[string]string) []types.Tag {
	var all []types.Tag
	for _, key := range sortedKeys(of) {
		all = append(all, types.Tag{Key: &key, Value: aws.String(of[key])})
	}
	return all
}

func makeRole(ctx context.Context, w *work) (string, error) {
	name := w.now.value("RoleName")
	if name == "" {
		name = w.physicalName(64)
	}
	out, err := w.iam.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: &name, Path: w.now.text("Path"), AssumeRolePolicyDocument: w.now.document("AssumeRolePolicyDocument"),
		Description: w.now.text("Description"), MaxSessionDuration: w.sessionDuration(), PermissionsBoundary: w.now.text("PermissionsBoundary"),
		Tags: iamTags(w.now.tags()),
	})
	if err != nil {
		return "", err
	}
	w.id = name
	w.attributes = map[string]string{"Arn": *out.Role.Arn, "RoleId": *out.Role.RoleId}
	return name, w.rolePolicies(ctx)
}

// sessionDuration is MaxSessionDuration, nil where it is absent.
func (w *work) sessionDuration() *int32 {
	text := w.now.text("MaxSessionDuration")
	if text == nil {
		return nil
	}
	n, err := strconv.ParseInt(*text, 10, 32)
	if err != nil {
		return nil
	}
	return aws.Int32(int32(n))
}

// restoredDuration is sessionDuration, with IAM's default where it is absent.
func (w *work) restoredDuration() *int32 {
	if n := w.sessionDuration(); n != nil {
		return n
	}
	return aws.Int32(3600)
}

// rolePolicies makes the policies of a role what they shall be.
func (w *work) rolePolicies(ctx context.Context) error {
	return w.policies(ctx, &holder{
		put: func(name, document *string) error {
			_, err := w.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &w.id, PolicyName: name, PolicyDocument: document})
			return err
		},
		drop: func(name *string) error {
			_, err := w.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &w.id, PolicyName: name})
			return err
		},
		attach: func(arn *string) error {
			_, err := w.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &w.id, PolicyArn: arn})
			return err
		},
		detach: func(arn *string) error {
			_, err := w.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &w.id, PolicyArn: arn})
			return err
		},
	})
}

// holder is a role or user as something that policies are put on.
type holder struct {
	put    func(name, document *string) error
	drop   func(name *string) error
	attach func(arn *string) error
	detach func(arn *string) error
}

// policies makes the inline and attached policies what they shall be.
func (w *work) policies(_ context.Context, h *holder) error {
	var names []string
	for _, p := range w.now.list("Policies") {
		names = append(names, p.value("PolicyName"))
		if was := w.old.policy(p.value("PolicyName")); was != nil && *was == *p.document("PolicyDocument") {
			continue
		}
		if err := h.put(p.text("PolicyName"), p.document("PolicyDocument")); err != nil {
			return err
		}
	}
	for _, p := range w.old.list("Policies") {
		if name := p.text("PolicyName"); !slices.Contains(names, *name) {
			if err := gone(h.drop(name)); err != nil {
				return err
			}
		}
	}
	old, now := w.old.texts("ManagedPolicyArns"), w.now.texts("ManagedPolicyArns")
	for _, arn := range only(now, old) {
		if err := h.attach(&arn); err != nil {
			return err
		}
	}
	for _, arn := range only(old, now) {
		if err := gone(h.detach(&arn)); err != nil {
			return err
		}
	}
	return nil
}

// policy is the document of an inline policy, nil if there is none of that name.
func (p properties) policy(name string) *string {
	for _, one := range p.list("Policies") {
		if one.value("PolicyName") == name {
			return one.document("PolicyDocument")
		}
	}
	return nil
}

func changeRole(ctx context.Context, w *work) error {
	if w.changed("AssumeRolePolicyDocument") {
		if _, err := w.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &w.id, PolicyDocument: w.now.document("AssumeRolePolicyDocument")}); err != nil {
			return err
		}
	}
	if w.changed("Description") || w.changed("MaxSessionDuration") {
		if _, err := w.iam.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: &w.id, Description: aws.String(w.now.value("Description")), MaxSessionDuration: w.restoredDuration()}); err != nil {
			return err
		}
	}
	if err := w.roleBoundary(ctx); err != nil {
		return err
	}
	if err := w.rolePolicies(ctx); err != nil {
		return err
	}
	set, removed := w.tagChanges()
	if len(removed) > 0 {
		if _, err := w.iam.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &w.id, TagKeys: removed}); err != nil {
			return err
		}
	}
	if len(set) > 0 {
		if _, err := w.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: &w.id, Tags: iamTags(set)}); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) roleBoundary(ctx context.Context) error {
	if !w.changed("PermissionsBoundary") {
		return nil
	}
	if arn := w.now.text("PermissionsBoundary"); arn != nil {
		_, err := w.iam.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &w.id, PermissionsBoundary: arn})
		return err
	}
	_, err := w.iam.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &w.id})
	return err
}

// removeRole takes away what the stack gave to the role first.
func removeRole(ctx context.Context, w *work) error {
	w.now = properties{}
	if err := w.rolePolicies(ctx); err != nil {
		return gone(err)
	}
	_, err := w.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &w.id})
	return gone(err)
}
