package iam_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// An OIDC provider and a role that are made through the API serve
// AssumeRoleWithWebIdentity at once, and no longer than they are there.
func TestWebIdentityFollowsTheProvider(t *testing.T) {
	var admin credentialsOf
	b := probe.Start(t, func(w *lab.World) { admin.p = probe.Administrator(w, elswhere) })
	d := &desk{b, admin.p, iam.NewFromConfig(b.Config(admin.p))}
	const hostPath, client = "dev-123456789.okta.com/oauth2/default", "0oaTipCliEXAMPLE"
	arn := "arn:aws:iam::" + elswhere + ":oidc-provider/" + hostPath
	trust, err := json.Marshal(probe.PolicyOf(probe.Statement("Allow", "sts:AssumeRoleWithWebIdentity", "Principal", map[string]any{"Federated": arn},
		"Condition", map[string]any{"StringEquals": map[string]any{hostPath + ":aud": client}})))
	probe.Must(t, trust, err)
	token, err := d.Lab.IssueIDToken("okta", "analyst", client)
	probe.Must(t, token, err)
	for _, c := range []struct {
		after step
		want  string
	}{
		{do("CreateRole", "RoleName", "web", "AssumeRolePolicyDocument", string(trust)), "InvalidIdentityToken"}, // its provider need not be there
		{do("CreateOpenIDConnectProvider", "Url", "https://"+hostPath), "InvalidIdentityToken"},
		{do("AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn", arn, "ClientID", client), ""},
		{do("UpdateAssumeRolePolicy", "RoleName", "web", "PolicyDocument", trusting(elswhere)), "AccessDenied"},
		{do("UpdateAssumeRolePolicy", "RoleName", "web", "PolicyDocument", string(trust)), ""},
		{do("RemoveClientIDFromOpenIDConnectProvider", "OpenIDConnectProviderArn", arn, "ClientID", client), "InvalidIdentityToken"},
		{do("AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn", arn, "ClientID", client), ""},
		{do("DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn", arn), "InvalidIdentityToken"},
	} {
		d.must(c.after)
		_, err := d.sts(aws.AnonymousCredentials{}).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String(roleIn(elswhere, "web")), RoleSessionName: aws.String("tester"), WebIdentityToken: &token,
		})
		if got := probe.AnswerOf(err).Code; got != c.want {
			t.Errorf("after %s: %q %v, want %q", c.after.operation, got, err, c.want)
		}
	}
}
