package cloudformation

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// fixedTags are tags that an update cannot change.
var fixedTags = property{name: "Tags", form: listForm, members: tagMembers, replaces: true}

func grantKinds() []*kind {
	return []*kind{
		{
			name: "AWS::S3::AccessGrantsInstance", attributes: []string{"AccessGrantsInstanceArn", "AccessGrantsInstanceId"},
			properties: []property{{name: "IdentityCenterArn"}, fixedTags},
			make:       makeGrantsInstance, change: changeGrantsInstance, remove: removeGrantsInstance,
		},
		{
			name: "AWS::S3::AccessGrantsLocation", attributes: []string{"AccessGrantsLocationArn", "AccessGrantsLocationId"},
			properties: []property{{name: "IamRoleArn", required: true}, {name: "LocationScope", required: true, replaces: true}, fixedTags},
			make:       makeLocation, change: changeLocation, remove: removeLocation,
		},
		{
			name: "AWS::S3::AccessGrant", attributes: []string{"AccessGrantArn", "AccessGrantId", "GrantScope"},
			properties: []property{
				{name: "AccessGrantsLocationConfiguration", form: objectForm, replaces: true, members: []property{{name: "S3SubPrefix", required: true}}},
				{name: "AccessGrantsLocationId", required: true, replaces: true}, {name: "ApplicationArn", replaces: true},
				{name: "Grantee", form: objectForm, required: true, replaces: true, members: []property{{name: "GranteeIdentifier", required: true}, {name: "GranteeType", required: true}}},
				{name: "Permission", required: true, replaces: true}, {name: "S3PrefixType", replaces: true}, fixedTags,
			},
			make: makeGrant, change: nothing, remove: removeGrant,
		},
	}
}

func grantTags(of map[string]string) []types.Tag {
	var all []types.Tag
	for _, key := range sortedKeys(of) {
		all = append(all, types.Tag{Key: &key, Value: aws.String(of[key])})
	}
	return all
}

func makeGrantsInstance(ctx context.Context, w *work) (string, error) {
	out, err := w.s3control.CreateAccessGrantsInstance(ctx, &s3control.CreateAccessGrantsInstanceInput{
		AccountId: &w.account, IdentityCenterArn: w.now.text("IdentityCenterArn"), Tags: grantTags(w.now.tags()),
	})
	if err != nil {
		return "", err
	}
	w.attributes = map[string]string{"AccessGrantsInstanceArn": *out.AccessGrantsInstanceArn, "AccessGrantsInstanceId": *out.AccessGrantsInstanceId}
	return *out.AccessGrantsInstanceArn, nil
}

func changeGrantsInstance(ctx context.Context, w *work) error {
	if !w.changed("IdentityCenterArn") {
		return nil
	}
	if w.old.value("IdentityCenterArn") != "" {
		if _, err := w.s3control.DissociateAccessGrantsIdentityCenter(ctx, &s3control.DissociateAccessGrantsIdentityCenterInput{AccountId: &w.account}); err != nil {
			return err
		}
	}
	if arn := w.now.text("IdentityCenterArn"); arn != nil {
		_, err := w.s3control.AssociateAccessGrantsIdentityCenter(ctx, &s3control.AssociateAccessGrantsIdentityCenterInput{AccountId: &w.account, IdentityCenterArn: arn})
		return err
	}
	return nil
}

func removeGrantsInstance(ctx context.Context, w *work) error {
	if w.old.value("IdentityCenterArn") != "" {
		_, err := w.s3control.DissociateAccessGrantsIdentityCenter(ctx, &s3control.DissociateAccessGrantsIdentityCenterInput{AccountId: &w.account})
		if err := gone(err); err != nil {
			return err
		}
	}
	_, err := w.s3control.DeleteAccessGrantsInstance(ctx, &s3control.DeleteAccessGrantsInstanceInput{AccountId: &w.account})
	return gone(err)
}

func makeLocation(ctx context.Context, w *work) (string, error) {
	out, err := w.s3control.CreateAccessGrantsLocation(ctx, &s3control.CreateAccessGrantsLocationInput{
		AccountId: &w.account, IAMRoleArn: w.now.text("IamRoleArn"), LocationScope: w.now.text("LocationScope"), Tags: grantTags(w.now.tags()),
	})
	if err != nil {
		return "", err
	}
	w.attributes = map[string]string{"AccessGrantsLocationArn": *out.AccessGrantsLocationArn, "AccessGrantsLocationId": *out.AccessGrantsLocationId}
	return *out.AccessGrantsLocationId, nil
}

func changeLocation(ctx context.Context, w *work) error {
	_, err := w.s3control.UpdateAccessGrantsLocation(ctx, &s3control.UpdateAccessGrantsLocationInput{
		AccountId: &w.account, AccessGrantsLocationId: &w.id, IAMRoleArn: w.now.text("IamRoleArn"),
	})
	return err
}

func removeLocation(ctx context.Context, w *work) error {
	_, err := w.s3control.DeleteAccessGrantsLocation(ctx, &s3control.DeleteAccessGrantsLocationInput{AccountId: &w.account, AccessGrantsLocationId: &w.id})
	return gone(err)
}

func makeGrant(ctx context.Context, w *work) (string, error) {
	grantee := w.now.object("Grantee")
	in := &s3control.CreateAccessGrantInput{
		AccountId: &w.account, AccessGrantsLocationId: w.now.text("AccessGrantsLocationId"), ApplicationArn: w.now.text("ApplicationArn"),
		Grantee:    &types.Grantee{GranteeIdentifier: grantee.text("GranteeIdentifier"), GranteeType: types.GranteeType(grantee.value("GranteeType"))},
		Permission: types.Permission(w.now.value("Permission")), S3PrefixType: types.S3PrefixType(w.now.value("S3PrefixType")), Tags: grantTags(w.now.tags()),
	}
	if c := w.now.object("AccessGrantsLocationConfiguration"); c.Map != nil {
		in.AccessGrantsLocationConfiguration = &types.AccessGrantsLocationConfiguration{S3SubPrefix: c.text("S3SubPrefix")}
	}
	out, err := w.s3control.CreateAccessGrant(ctx, in)
	if err != nil {
		return "", err
	}
	w.attributes = map[string]string{"AccessGrantArn": *out.AccessGrantArn, "AccessGrantId": *out.AccessGrantId, "GrantScope": *out.GrantScope}
	return *out.AccessGrantId, nil
}

func removeGrant(ctx context.Context, w *work) error {
	_, err := w.s3control.DeleteAccessGrant(ctx, &s3control.DeleteAccessGrantInput{AccountId: &w.account, AccessGrantId: &w.id})
	return gone(err)
}
