package cloudformation

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func makeProvider(ctx context.Context, w *work) (string, error) {
	out, err := w.iam.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: w.now.text("Url"), ClientIDList: w.now.texts("ClientIdList"), ThumbprintList: w.now.texts("ThumbprintList"), Tags: iamTags(w.now.tags()),
	})
	if err != nil {
		return "", err
	}
	w.attributes = map[string]string{"Arn": *out.OpenIDConnectProviderArn}
	return *out.OpenIDConnectProviderArn, nil
}

func changeProvider(ctx context.Context, w *work) error {
	if w.changed("ThumbprintList") {
		if _, err := w.iam.UpdateOpenIDConnectProviderThumbprint(ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: &w.id, ThumbprintList: present(w.now.texts("ThumbprintList"))}); err != nil {
			return err
		}
	}
	old, now := w.old.texts("ClientIdList"), w.now.texts("ClientIdList")
	for _, id := range only(now, old) {
		if _, err := w.iam.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: &w.id, ClientID: &id}); err != nil {
			return err
		}
	}
	for _, id := range only(old, now) {
		if _, err := w.iam.RemoveClientIDFromOpenIDConnectProvider(ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: &w.id, ClientID: &id}); err != nil {
			return err
		}
	}
	set, removed := w.tagChanges()
	if len(removed) > 0 {
		if _, err := w.iam.UntagOpenIDConnectProvider(ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &w.id, TagKeys: removed}); err != nil {
			return err
		}
	}
	if len(set) > 0 {
		if _, err := w.iam.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &w.id, Tags: iamTags(set)}); err != nil {
			return err
		}
	}
	return nil
}

func removeProvider(ctx context.Context, w *work) error {
	_, err := w.iam.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &w.id})
	return gone(err)
}

func iamUserKinds() []*kind {
	return []*kind{
		{
			name: "AWS::IAM::User", capability: true, naming: "UserName", taggable: true, attributes: []string{"Arn"},
			properties: []property{
				{name: "ManagedPolicyArns", form: textsForm, unique: true}, {name: "Path"}, {name: "PermissionsBoundary"}, inlinePolicies, resourceTags,
				{name: "UserName", replaces: true},
			},
			make: makeUser, change: changeUser, remove: removeUser,
		},
		{
			name: "AWS::IAM::AccessKey", capability: true, attributes: []string{"Id", "SecretAccessKey"},
			properties: []property{{name: "Serial", form: numberForm, replaces: true}, {name: "Status"}, {name: "UserName", required: true, replaces: true}},
			make:       makeAccessKey, change: changeAccessKey, remove: removeAccessKey,
		},
	}
}

func makeUser(ctx context.Context, w *work) (string, error) {
	name := w.now.value("UserName")
	if name == "" {
		name = w.physicalName(64)
	}
	out, err := w.iam.CreateUser(ctx, &iam.CreateUserInput{
		UserName: &name, Path: w.now.text("Path"), PermissionsBoundary: w.now.text("PermissionsBoundary"), Tags: iamTags(w.now.tags()),
	})
	if err != nil {
		return "", err
	}
	w.id, w.attributes = name, map[string]string{"Arn": *out.User.Arn}
	return name, w.userPolicies(ctx)
}

func (w *work) userPolicies(ctx context.Context) error {
	return w.policies(ctx, &holder{
		put: func(name, document *string) error {
			_, err := w.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &w.id, PolicyName: name, PolicyDocument: document})
			return err
		},
		drop: func(name *string) error {
			_, err := w.iam.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &w.id, PolicyName: name})
			return err
		},
		attach: func(arn *string) error {
			_, err := w.iam.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &w.id, PolicyArn: arn})
			return err
		},
		detach: func(arn *string) error {
			_, err := w.iam.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &w.id, PolicyArn: arn})
			return err
		},
	})
}

func changeUser(ctx context.Context, w *work) error {
	if w.changed("Path") {
		if _, err := w.iam.UpdateUser(ctx, &iam.UpdateUserInput{UserName: &w.id, NewPath: aws.String(orSlash(w.now.value("Path")))}); err != nil {
			return err
		}
		if err := w.readUser(ctx); err != nil {
			return err
		}
	}
	if w.changed("PermissionsBoundary") {
		if err := w.userBoundary(ctx); err != nil {
			return err
		}
	}
	if err := w.userPolicies(ctx); err != nil {
		return err
	}
	set, removed := w.tagChanges()
	if len(removed) > 0 {
		if _, err := w.iam.UntagUser(ctx, &iam.UntagUserInput{UserName: &w.id, TagKeys: removed}); err != nil {
			return err
		}
	}
	if len(set) > 0 {
		if _, err := w.iam.TagUser(ctx, &iam.TagUserInput{UserName: &w.id, Tags: iamTags(set)}); err != nil {
			return err
		}
	}
	return nil
}

func orSlash(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

func (w *work) readUser(ctx context.Context) error {
	out, err := w.iam.GetUser(ctx, &iam.GetUserInput{UserName: &w.id})
	if err == nil {
		w.attributes = map[string]string{"Arn": *out.User.Arn}
	}
	return err
}

func (w *work) userBoundary(ctx context.Context) error {
	if arn := w.now.text("PermissionsBoundary"); arn != nil {
		_, err := w.iam.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: &w.id, PermissionsBoundary: arn})
		return err
	}
	_, err := w.iam.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: &w.id})
	return err
}

func removeUser(ctx context.Context, w *work) error {
	w.now = properties{}
	if err := w.userPolicies(ctx); err != nil {
		return gone(err)
	}
	_, err := w.iam.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &w.id})
	return gone(err)
}

func makeAccessKey(ctx context.Context, w *work) (string, error) {
	out, err := w.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: w.now.text("UserName")})
	if err != nil {
		return "", err
	}
	w.id = *out.AccessKey.AccessKeyId
	w.attributes = map[string]string{"Id": w.id, "SecretAccessKey": *out.AccessKey.SecretAccessKey}
	if w.now.value("Status") == string(types.StatusTypeInactive) {
		return w.id, changeAccessKey(ctx, w)
	}
	return w.id, nil
}

func changeAccessKey(ctx context.Context, w *work) error {
	status := types.StatusTypeActive
	if given := w.now.value("Status"); given != "" {
		status = types.StatusType(given)
	}
	_, err := w.iam.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: w.now.text("UserName"), AccessKeyId: &w.id, Status: status})
	return err
}

func removeAccessKey(ctx context.Context, w *work) error {
	_, err := w.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: w.old.text("UserName"), AccessKeyId: &w.id})
	return gone(err)
}
