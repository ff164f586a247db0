package cloudformation

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// firstPart is Ref of what has an id of several parts.
func firstPart(id string) string {
	first, _, _ := strings.Cut(id, "|")
	return first
}

func makeRolePolicy(ctx context.Context, w *work) (string, error) {
	if err := putRolePolicy(ctx, w); err != nil {
		return "", err
	}
	return w.now.value("PolicyName") + "|" + w.now.value("RoleName"), nil
}

func putRolePolicy(ctx context.Context, w *work) error {
	_, err := w.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: w.now.text("RoleName"), PolicyName: w.now.text("PolicyName"), PolicyDocument: w.now.document("PolicyDocument"),
	})
	return err
}

func removeRolePolicy(ctx context.Context, w *work) error {
	_, err := w.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: w.old.text("RoleName"), PolicyName: w.old.text("PolicyName")})
	return gone(err)
}

// makePolicy puts an inline policy on each role and user. Its physical id is made
// of the beginnings of the stack's name and the logical id.
func makePolicy(ctx context.Context, w *work) (string, error) {
	w.id = w.stack[:min(5, len(w.stack))] + "-" + w.logicalID[:min(4, len(w.logicalID))] + "-" + suffix()
	w.attributes = map[string]string{"Id": w.id}
	err := changePolicy(ctx, w)
	if err != nil && !w.begun {
		return "", err
	}
	return w.id, err
}

func changePolicy(ctx context.Context, w *work) error {
	if len(w.now.texts("Roles")) == 0 && len(w.now.texts("Users")) == 0 {
		return &handlerError{code: "InvalidRequest", text: "At least one of [Groups,Roles,Users] must be non-empty."}
	}
	name, document := w.now.text("PolicyName"), w.now.document("PolicyDocument")
	for _, role := range w.now.texts("Roles") {
		if _, err := w.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &role, PolicyName: name, PolicyDocument: document}); err != nil {
			return err
		}
		w.begun = true
	}
	for _, user := range w.now.texts("Users") {
		if _, err := w.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &user, PolicyName: name, PolicyDocument: document}); err != nil {
			return err
		}
		w.begun = true
	}
	if w.changed("PolicyName") {
		return w.dropPolicy(ctx, w.old.texts("Roles"), w.old.texts("Users"))
	}
	return w.dropPolicy(ctx, only(w.old.texts("Roles"), w.now.texts("Roles")), only(w.old.texts("Users"), w.now.texts("Users")))
}

func removePolicy(ctx context.Context, w *work) error {
	return w.dropPolicy(ctx, w.old.texts("Roles"), w.old.texts("Users"))
}

// dropPolicy takes the policy as it was from roles and users.
func (w *work) dropPolicy(ctx context.Context, roles, users []string) error {
	name := w.old.text("PolicyName")
	for _, role := range roles {
		_, err := w.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &role, PolicyName: name})
		if err := gone(err); err != nil {
			return err
		}
	}
	for _, user := range users {
		_, err := w.iam.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &user, PolicyName: name})
		if err := gone(err); err != nil {
			return err
		}
	}
	return nil
}

func makeManagedPolicy(ctx context.Context, w *work) (string, error) {
	name := w.now.value("ManagedPolicyName")
	if name == "" {
		name = w.physicalName(128)
	}
	out, err := w.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{
		PolicyName: &name, Path: w.now.text("Path"), Description: w.now.text("Description"), PolicyDocument: w.now.document("PolicyDocument"),
	})
	if err != nil {
		return "", err
	}
	w.id = *out.Policy.Arn
	if err := w.attachments(ctx); err != nil {
		return w.id, err
	}
	return w.id, w.readManagedPolicy(ctx)
}

// attachments makes the roles and users that the policy is attached to what they shall be.
func (w *work) attachments(ctx context.Context) error {
	for _, role := range only(w.now.texts("Roles"), w.old.texts("Roles")) {
		if _, err := w.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &role, PolicyArn: &w.id}); err != nil {
			return err
		}
	}
	for _, user := range only(w.now.texts("Users"), w.old.texts("Users")) {
		if _, err := w.iam.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &user, PolicyArn: &w.id}); err != nil {
			return err
		}
	}
	for _, role := range only(w.old.texts("Roles"), w.now.texts("Roles")) {
		_, err := w.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &role, PolicyArn: &w.id})
		if err := gone(err); err != nil {
			return err
		}
	}
	for _, user := range only(w.old.texts("Users"), w.now.texts("Users")) {
		_, err := w.iam.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &user, PolicyArn: &w.id})
		if err := gone(err); err != nil {
			return err
		}
	}
	return nil
}

// readManagedPolicy fills the attributes, where the caller may read them.
func (w *work) readManagedPolicy(ctx context.Context) error {
	w.attributes = map[string]string{"PolicyArn": w.id}
	out, err := w.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &w.id})
	if err != nil {
		return err
	}
	p := out.Policy
	w.attributes["PolicyId"], w.attributes["DefaultVersionId"] = aws.ToString(p.PolicyId), aws.ToString(p.DefaultVersionId)
	w.attributes["AttachmentCount"] = decimal(p.AttachmentCount)
	w.attributes["PermissionsBoundaryUsageCount"] = decimal(p.PermissionsBoundaryUsageCount)
	w.attributes["IsAttachable"] = truth(p.IsAttachable)
	w.attributes["CreateDate"] = p.CreateDate.UTC().Format(timeForm)
	w.attributes["UpdateDate"] = p.UpdateDate.UTC().Format(timeForm)
	return nil
}

func changeManagedPolicy(ctx context.Context, w *work) error {
	if w.changed("PolicyDocument") {
		if err := w.removeVersions(ctx, 4); err != nil {
			return err
		}
		if _, err := w.iam.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: &w.id, PolicyDocument: w.now.document("PolicyDocument"), SetAsDefault: true}); err != nil {
			return err
		}
	}
	if err := w.attachments(ctx); err != nil {
		return err
	}
	return w.readManagedPolicy(ctx)
}

// removeVersions deletes the oldest versions that are not the default one, until
// at most keep are left.
func (w *work) removeVersions(ctx context.Context, keep int) error {
	out, err := w.iam.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: &w.id})
	if err != nil {
		return err
	}
	left := len(out.Versions)
	for i := len(out.Versions) - 1; i >= 0 && left > keep; i-- {
		if out.Versions[i].IsDefaultVersion {
			continue
		}
		if _, err := w.iam.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &w.id, VersionId: out.Versions[i].VersionId}); err != nil {
			return err
		}
		left--
	}
	return nil
}

func removeManagedPolicy(ctx context.Context, w *work) error {
	w.now = properties{}
	if err := w.attachments(ctx); err != nil {
		return err
	}
	if err := w.removeVersions(ctx, 1); err != nil {
		return gone(err)
	}
	_, err := w.iam.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &w.id})
	return gone(err)
}
