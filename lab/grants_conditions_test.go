package lab_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/lab"
)

// emptyHash is the SHA-256 of no body.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// Every request to S3 Access Grants has S3's condition keys about the resource's
// account, the signature and the connection: an Allow that wants them admits, and
// a Deny of them refuses.
func TestConditionsOfS3Control(t *testing.T) {
	asks := map[string]func(*owner) error{
		"GetDataAccess": func(o *owner) error { return errOf(o.dataAccess(o.client.Options().Credentials, "s3://b/k", "READ")) },
		"ListCallerAccessGrants": func(o *owner) error {
			return errOf(o.client.ListCallerAccessGrants(o.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: o.account}))
		},
		"ListAccessGrantsInstances": managementCalls()["ListAccessGrantsInstances"].ask,
		"CreateAccessGrant":         managementCalls()["CreateAccessGrant"].ask,
	}
	nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
	for key, c := range map[string]struct{ operator, fits, not string }{
		"s3:ResourceAccount":      {"StringEquals", appl, center},
		"s3:authType":             {"StringEquals", "REST-HEADER", "REST-QUERY-STRING"},
		"s3:signatureAge":         {"NumericLessThan", "600000", "0"},
		"s3:signatureversion":     {"StringEquals", "AWS4-HMAC-SHA256", "AWS"},
		"s3:TlsVersion":           {"NumericGreaterThanEquals", "1.2", "1.4"},
		"s3:x-amz-content-sha256": {"StringLike", strings.Repeat("?", 64), "UNSIGNED-PAYLOAD"},
	} {
		t.Run(key, func(t *testing.T) {
			conditional := func(effect, value string) map[string]any {
				return statement(effect, "s3:*", "Resource", "*", "Condition", map[string]any{c.operator: map[string]any{key: value}, "Null": map[string]any{key: "false"}})
			}
			all := statement("Allow", "s3:*", "Resource", "*")
			b := start(t, silent, func(w *lab.World) {
				for name, p := range map[string]map[string]any{
					"admitted": policyOf(conditional("Allow", c.fits)), "left-out": policyOf(conditional("Allow", c.not)),
					"denied": policyOf(all, conditional("Deny", c.fits)), "spared": policyOf(all, conditional("Deny", c.not)),
				} {
					addRole(w, 1, name, nobody, map[string]any{"p": p})
				}
				grants(role("b/*"))(w)
				for _, name := range []string{"admitted", "spared"} {
					g := role("b/*")
					g.Role, g.Location, g.Permission = roleIn(appl, name), "s3://", "READ"
					w.AccessGrants[0].Grants = append(w.AccessGrants[0].Grants, g)
				}
			})
			for action, ask := range asks {
				for name, want := range map[string]answer{"admitted": {}, "left-out": {403, "AccessDenied", "*"}, "denied": {403, "AccessDenied", "*"}, "spared": {}} {
					o := b.ownerAs(b.session(roleIn(appl, name)))
					err := ask(o)
					if answerOf(err).Code == "AccessGrantAlreadyExists" {
						err = nil // the other role has made it
					}
					if expect(t, want, err); t.Failed() {
						t.Fatalf("%s, %s", action, name)
					}
				}
			}
		})
	}
}

// Without TLS there is no s3:TlsVersion, and the other keys are there.
func TestConditionsWithoutTLS(t *testing.T) {
	b := start(t, silent, func(w *lab.World) {
		nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
		addRole(w, 1, "open", nobody, map[string]any{"p": policyOf(statement("Allow", "s3:*", "Resource", "*",
			"Condition", map[string]any{"Null": map[string]any{"s3:TlsVersion": "true"}, "StringEquals": map[string]any{"s3:ResourceAccount": appl, "s3:x-amz-content-sha256": emptyHash}}))})
	})
	ask := func(client *s3control.Client) error {
		return errOf(client.GetAccessGrantsInstance(t.Context(), &s3control.GetAccessGrantsInstanceInput{AccountId: aws.String(appl)}))
	}
	p := b.session(roleIn(appl, "open"))
	expect(t, answer{}, ask(b.controlAtEndpoint(p)))
	expect(t, iamDenial(appl, "open", "s3:GetAccessGrantsInstance", grantsARN, because("s3:GetAccessGrantsInstance")), ask(b.control(p)))
}
