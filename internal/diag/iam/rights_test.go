package iam_test

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iam"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// reads are the permissions that the section uses of a healthy world, and the checks
// that cannot be made without each.
var reads = map[string][]string{
	"iam:GetOpenIDConnectProvider":   {"iam.client"},
	"iam:GetRole":                    {"iam.application-role", "iam.enhanced-role"},
	"iam:ListRolePolicies":           {"iam.exchange", "iam.assume", "iam.set-context", "iam.services"},
	"iam:GetRolePolicy":              {"iam.exchange", "iam.assume", "iam.set-context", "iam.services"},
	"iam:ListAttachedRolePolicies":   {"iam.exchange", "iam.assume", "iam.set-context", "iam.services"},
	"iam:GetPolicy":                  {"iam.allow-list"},
	"iam:GetPolicyVersion":           {"iam.allow-list"},
	"iam:ListOpenIDConnectProviders": {},
}

// Without a right what needs it is unknown, with that permission; nothing is wrong.
func TestEachRightMissing(t *testing.T) {
	l := labtest.Start(t)
	admin := awsiam.NewFromConfig(labtest.Config(l, l.Administrator(labtest.ApplicationAccount)))
	for missing, want := range reads {
		var actions []string
		for action := range reads {
			if action != missing {
				actions = append(actions, action)
			}
		}
		text, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"}})
		if _, err := admin.PutUserPolicy(t.Context(), &awsiam.PutUserPolicyInput{UserName: aws.String("admin"), PolicyName: aws.String("administrator"), PolicyDocument: aws.String(string(text))}); err != nil {
			t.Fatal(err)
		}
		c := healthy(l)
		cfg := labtest.Config(l, labtest.Admin())
		c.Application.Config = &cfg
		for id, r := range look(t, c, bad...) {
			check, unread := strings.CutSuffix(id, ".unread")
			if !unread || !slices.Contains(want, check) || !slices.Equal(r.Missing, []string{missing}) {
				t.Errorf("without %s: %+v", missing, r)
			}
		}
		for _, check := range want {
			if _, unread := look(t, c, finding.Unknown)[check+".unread"]; !unread {
				t.Errorf("without %s: %s is known", missing, check)
			}
		}
	}
}

// Without any credentials, and without roles, nothing is looked at.
func TestNothingToLookWith(t *testing.T) {
	c := healthy(nil)
	c.Application.Reason = "--app-profile is not given"
	for id, r := range look(t, c, finding.OK, finding.Fail, finding.Warn, finding.Unknown) {
		if r.Status != finding.Unknown || r.Seen != "--app-profile is not given" || len(r.Fixes) != 1 {
			t.Errorf("%s: %+v", id, r)
		}
	}
	c.Config.OIDCRoleARN, c.Config.IDEnhancedRoleARN = "", "arn:aws:iam::1:role/x"
	if all := look(t, c, finding.Skipped); len(all) != len(iam.Checks()) {
		t.Errorf("%+v", all)
	}
}

// A condition on where the request comes from is neither right nor wrong.
func TestDoubt(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		w.Accounts[1].Roles[1].Policies["here"] = map[string]any{"Version": "2012-10-17", "Statement": []any{
			map[string]any{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": map[string]any{"NotIpAddress": map[string]any{"aws:SourceIp": "192.0.2.0/24"}}},
		}}
	}))
	all := look(t, healthy(l), bad...)
	if r := all["iam.services.unread"]; len(all) != 1 || r.Seen != "it depends on aws:SourceIp" || len(r.Missing) > 0 {
		t.Errorf("%+v", all)
	}
}

// Whatever stands in a token or is answered by IAM, the section says something and goes on.
func TestHostile(t *testing.T) {
	l := labtest.Start(t)
	for _, odd := range []any{nil, 1e308, json.Number("1e999999"), []any{1, nil}, map[string]any{"principal_tags": 1}, map[string]any{"principal_tags": map[string]any{"a": []any{nil}}, "transitive_tag_keys": "a"}, strings.Repeat("x", 1<<20), true, []any{}} {
		c := healthy(l)
		c.Token = token(map[string]any{"amr": odd, "email": odd, "https://aws.amazon.com/tags": odd, "https://aws.amazon.com/source_identity": odd, "https://aws.amazon.com/tags/principal_tags/": odd, "https://aws.amazon.com/tags/transitive_tag_keys": odd})
		look(t, c)
	}
	for _, iss := range []string{"https://", "x", "https://a:b@c/\x00", "https://" + strings.Repeat("a/", 5000), "://", "\n"} {
		c := healthy(l)
		c.Token = token(map[string]any{"iss": iss})
		look(t, c)
	}
}

func TestHostileIAM(t *testing.T) {
	for _, document := range []string{"", "%zz", "null", "[]", "{", `{"Statement":[]}`, `{"Version":"2012-10-17","Statement":[null]}`, strings.Repeat("[", 100000), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:*"}}`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			action := r.Form.Get("Action")
			inner := map[string]string{
				"GetRole":          "<Role><Arn>arn:aws:iam::444455556666:role/" + r.Form.Get("RoleName") + "</Arn><RoleName>" + r.Form.Get("RoleName") + "</RoleName><AssumeRolePolicyDocument>" + url.QueryEscape(document) + "</AssumeRolePolicyDocument><MaxSessionDuration>-5</MaxSessionDuration></Role>",
				"ListRolePolicies": "<PolicyNames><member>p</member></PolicyNames><IsTruncated>true</IsTruncated><Marker>same</Marker>",
				"GetRolePolicy":    "<PolicyDocument>" + url.QueryEscape(document) + "</PolicyDocument>",
			}[action]
			_, _ = w.Write([]byte("<" + action + "Response><" + action + "Result>" + inner + "</" + action + "Result></" + action + "Response>"))
		}))
		c := healthy(nil)
		c.Application.Config = &aws.Config{
			Region: "eu-west-1", BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, nil
			}),
		}
		c.Config.SessionDuration = math.MaxInt32
		if all := look(t, c, finding.OK); len(all) > 4 {
			t.Errorf("%s: %+v", document, all)
		}
		server.Close()
	}
}
