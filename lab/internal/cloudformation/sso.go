package cloudformation

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
)

func ssoKinds() []*kind {
	return []*kind{
		{
			name: "AWS::SSO::Application", taggable: true, attributes: []string{"ApplicationArn"},
			properties: []property{
				{name: "ApplicationProviderArn", required: true, replaces: true}, {name: "Description"},
				{name: "InstanceArn", required: true, replaces: true}, {name: "Name", required: true},
				{name: "PortalOptions", form: objectForm, members: []property{
					{name: "SignInOptions", form: objectForm, members: []property{{name: "ApplicationUrl"}, {name: "Origin", required: true}}},
					{name: "Visibility"},
				}},
				{name: "Status"}, resourceTags,
			},
			make: makeApplication, change: changeApplication, remove: removeApplication,
		},
		{
			name: "AWS::SSO::ApplicationAssignment",
			properties: []property{
				{name: "ApplicationArn", required: true, replaces: true}, {name: "PrincipalId", required: true, replaces: true},
				{name: "PrincipalType", required: true, replaces: true},
			},
			make: makeAssignment, change: nothing, remove: removeAssignment,
		},
	}
}

// nothing is for what cannot change without being made anew.
func nothing(context.Context, *work) error { return nil }

func ssoTags(of map[string]string) []types.Tag {
	var all []types.Tag
	for _, key := range sortedKeys(of) {
		all = append(all, types.Tag{Key: &key, Value: aws.String(of[key])})
	}
	return all
}

// signIn are the sign-in options of an application's portal options, nil for none.
func (w *work) signIn() *types.SignInOptions {
	o := w.now.object("PortalOptions").object("SignInOptions")
	if o.Map == nil {
		return nil
	}
	return &types.SignInOptions{ApplicationUrl: o.text("ApplicationUrl"), Origin: types.SignInOrigin(o.value("Origin"))}
}

func makeApplication(ctx context.Context, w *work) (string, error) {
	in := &ssoadmin.CreateApplicationInput{
		ApplicationProviderArn: w.now.text("ApplicationProviderArn"), InstanceArn: w.now.text("InstanceArn"), Name: w.now.text("Name"),
		Description: w.now.text("Description"), Status: types.ApplicationStatus(w.now.value("Status")), Tags: ssoTags(w.now.tags()),
	}
	if o := w.now.object("PortalOptions"); o.Map != nil {
		in.PortalOptions = &types.PortalOptions{SignInOptions: w.signIn(), Visibility: types.ApplicationVisibility(o.value("Visibility"))}
	}
	out, err := w.sso.CreateApplication(ctx, in)
	if err != nil {
		return "", err
	}
	w.attributes = map[string]string{"ApplicationArn": *out.ApplicationArn}
	return *out.ApplicationArn, nil
}

func changeApplication(ctx context.Context, w *work) error {
	in := &ssoadmin.UpdateApplicationInput{
		ApplicationArn: &w.id, Name: w.now.text("Name"), Description: w.now.text("Description"), Status: types.ApplicationStatus(w.now.value("Status")),
	}
	if s := w.signIn(); s != nil {
		in.PortalOptions = &types.UpdateApplicationPortalOptions{SignInOptions: s}
	}
	if w.changed("Name") || w.changed("Description") || w.changed("Status") || w.changed("PortalOptions") {
		if _, err := w.sso.UpdateApplication(ctx, in); err != nil {
			return err
		}
	}
	set, removed := w.tagChanges()
	if len(removed) > 0 {
		if _, err := w.sso.UntagResource(ctx, &ssoadmin.UntagResourceInput{ResourceArn: &w.id, InstanceArn: w.now.text("InstanceArn"), TagKeys: removed}); err != nil {
			return err
		}
	}
	if len(set) > 0 {
		if _, err := w.sso.TagResource(ctx, &ssoadmin.TagResourceInput{ResourceArn: &w.id, InstanceArn: w.now.text("InstanceArn"), Tags: ssoTags(set)}); err != nil {
			return err
		}
	}
	return nil
}

func removeApplication(ctx context.Context, w *work) error {
	_, err := w.sso.DeleteApplication(ctx, &ssoadmin.DeleteApplicationInput{ApplicationArn: &w.id})
	return gone(err)
}

func makeAssignment(ctx context.Context, w *work) (string, error) {
	_, err := w.sso.CreateApplicationAssignment(ctx, &ssoadmin.CreateApplicationAssignmentInput{
		ApplicationArn: w.now.text("ApplicationArn"), PrincipalId: w.now.text("PrincipalId"), PrincipalType: types.PrincipalType(w.now.value("PrincipalType")),
	})
	if err != nil {
		return "", err
	}
	return strings.Join([]string{w.now.value("ApplicationArn"), w.now.value("PrincipalType"), w.now.value("PrincipalId")}, "|"), nil
}

func removeAssignment(ctx context.Context, w *work) error {
	_, err := w.sso.DeleteApplicationAssignment(ctx, &ssoadmin.DeleteApplicationAssignmentInput{
		ApplicationArn: w.old.text("ApplicationArn"), PrincipalId: w.old.text("PrincipalId"), PrincipalType: types.PrincipalType(w.old.value("PrincipalType")),
	})
	return gone(err)
}
