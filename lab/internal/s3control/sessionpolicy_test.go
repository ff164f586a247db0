package s3control_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/s3control"
)

// allows asks a session policy about an action on an object.
func allows(d *policy.Document, action, resource string, keys policy.Context) bool {
	return d.Evaluate(&policy.Request{Action: action, Resource: resource, Context: keys}).Decision == policy.Allow
}

// FuzzSessionPolicy compares the policy for a target with what the target says:
// the keys that begin with it, and no other, whatever letters it has.
func FuzzSessionPolicy(f *testing.F) {
	for _, s := range []string{"", "a/", "a*b/", "a?b", "a$b", "${aws:userid}", "${*}", "é/", "a b", "\\", "\"", "<", "%2A", "a/../b"} {
		f.Add(s, "k", true)
		f.Add(s, "", false)
	}
	f.Fuzz(func(t *testing.T, prefix, rest string, wild bool) {
		if !utf8.ValidString(prefix) || !utf8.ValidString(rest) || len(prefix)+len(rest) > 300 || !wild && strings.HasSuffix(prefix, "*") {
			return
		}
		target := "s3://bucket/" + prefix
		if wild {
			target += "*"
		}
		doc, err := policy.Parse(s3control.SessionPolicy("aws", target, types.PermissionReadwrite), policy.Session)
		if err != nil {
			t.Fatalf("%q: %v", target, err)
		}
		for _, key := range []string{prefix, prefix + rest, rest, rest + prefix, strings.ReplaceAll(prefix, "*", "x"), strings.ReplaceAll(prefix, "?", "x")} {
			want := key == prefix || wild && strings.HasPrefix(key, prefix)
			for _, action := range []string{"s3:GetObject", "s3:PutObject"} {
				if got := allows(doc, action, "arn:aws:s3:::bucket/"+key, nil); got != want {
					t.Errorf("target %q, %s of %q: %t", target, action, key, got)
				}
			}
			if got := allows(doc, "s3:ListBucket", "arn:aws:s3:::bucket", policy.Context{"s3:prefix": {key}}); got != (wild && strings.HasPrefix(key, prefix)) {
				t.Errorf("target %q, list of %q: %t", target, key, got)
			}
		}
		if allows(doc, "s3:GetObject", "arn:aws:s3:::bucket2/"+prefix, nil) || allows(doc, "s3:GetDataAccess", "*", nil) {
			t.Errorf("target %q reaches further", target)
		}
	})
}
