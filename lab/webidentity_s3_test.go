package lab_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// What Ceph's s3-tests ask of an STS under test_sts.py, asked of the lab as AWS
// answers: each case has the name of the test there. Where Ceph's keys are its own,
// AWS's stand in: app_id is aud or azp under aud, s3:ResourceTag of a bucket is
// s3:ExistingObjectTag of an object.
type sessionCase struct {
	// trust is the condition of the role's trust policy, actions what it allows
	// beside sts:AssumeRoleWithWebIdentity.
	trust   map[string]any
	actions []any
	// role and bucket are the statements of the role's policy and the bucket's.
	role, bucket []map[string]any
	boundary     map[string]any
	roleTags     map[string]string
	// session is the session policy.
	session []map[string]any
	// claims of the token, name and value in turn.
	claims []any
	// do is what the session does with the bucket; nil for a session that is refused.
	do   func(ctx context.Context, c *s3.Client, bucket string) error
	want string
}

const (
	permitted = worked
	refused   = "403 AccessDenied"
)

func putting(key string) func(context.Context, *s3.Client, string) error {
	return func(ctx context.Context, c *s3.Client, bucket string) error {
		_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(key)})
		return err
	}
}

func getting(key string) func(context.Context, *s3.Client, string) error {
	return func(ctx context.Context, c *s3.Client, bucket string) error {
		_, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
		if err != nil { // whose body says why
			_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		}
		return err
	}
}

func copying(from, to string) func(context.Context, *s3.Client, string) error {
	return func(ctx context.Context, c *s3.Client, bucket string) error {
		_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &bucket, Key: &to, CopySource: aws.String(bucket + "/" + from)})
		return err
	}
}

// on3 is a statement about S3 on everything; kv are further elements.
func on3(effect string, actions []any, kv ...any) map[string]any {
	return statement(effect, actions, append([]any{"Resource", "*"}, kv...)...)
}

func conditioned(operator, key string, values ...any) map[string]any {
	return map[string]any{operator: map[string]any{key: values}}
}

// condition is the Condition element.
func condition(operator, key string, values ...any) []any {
	return []any{"Condition", conditioned(operator, key, values...)}
}

// principalTags is the claim of session tags.
func principalTags(kv ...string) []any {
	tags := map[string]any{}
	for i := 0; i < len(kv); i += 2 {
		tags[kv[i]] = append(valuesOf(tags[kv[i]]), kv[i+1])
	}
	return []any{"https://aws.amazon.com/tags", map[string]any{"principal_tags": tags}}
}

func valuesOf(v any) []any { list, _ := v.([]any); return list }

// sessionPolicyCases are those marked session_policy.
func sessionPolicyCases() map[string]sessionCase {
	all, gets, puts := []any{"s3:*"}, []any{"s3:GetObject"}, []any{"s3:PutObject"}
	both := []any{"s3:GetObject", "s3:PutObject"}
	everything := []map[string]any{on3("Allow", all)}
	only := func(bucket string, actions []any) map[string]any {
		return statement("Allow", actions, "Resource", []any{"arn:aws:s3:::" + bucket, "arn:aws:s3:::" + bucket + "/*"})
	}
	toSession := func(name, effect string) []map[string]any {
		return []map[string]any{on3(effect, both, "Principal", principal("arn:aws:sts::444455556666:assumed-role/"+name+"/session"))}
	}
	toRole := func(name, effect string) []map[string]any {
		return []map[string]any{on3(effect, both, "Principal", principal(roleIn(appl, name)))}
	}
	return map[string]sessionCase{
		"assume_role_with_web_identity":                                 {role: everything, do: putting("k2"), want: permitted},
		"session_policy_check_on_different_buckets":                     {role: []map[string]any{only("elsewhere", all)}, session: []map[string]any{only("w-session-policy-check-on-different-buckets", all)}, do: putting("k2"), want: refused},
		"session_policy_check_on_same_bucket":                           {role: everything, session: []map[string]any{only("w-session-policy-check-on-same-bucket", both)}, do: putting("k2"), want: permitted},
		"session_policy_check_put_obj_denial":                           {role: everything, session: []map[string]any{only("w-session-policy-check-put-obj-denial", gets)}, do: putting("k2"), want: refused},
		"session_policy_check_swapping_role_policy_and_session_policy":  {role: []map[string]any{on3("Allow", gets)}, session: everything, do: putting("k2"), want: refused},
		"session_policy_check_different_op_permissions":                 {role: []map[string]any{on3("Allow", puts)}, session: []map[string]any{on3("Allow", gets)}, do: putting("k2"), want: refused},
		"session_policy_check_different_op_permissions, reading":        {role: []map[string]any{on3("Allow", puts)}, session: []map[string]any{on3("Allow", gets)}, do: getting("k"), want: refused},
		"session_policy_check_with_deny_effect":                         {role: everything, session: []map[string]any{on3("Deny", puts)}, do: putting("k2"), want: refused},
		"session_policy_check_with_deny_on_same_op":                     {role: []map[string]any{on3("Allow", puts)}, session: []map[string]any{on3("Allow", all), on3("Deny", puts)}, do: putting("k2"), want: refused},
		"session_policy_bucket_policy_role_arn":                         {bucket: toRole("session_policy_bucket_policy_role_arn", "Allow"), session: []map[string]any{on3("Allow", puts)}, do: putting("k2"), want: permitted},
		"session_policy_bucket_policy_role_arn, reading":                {bucket: toRole("session_policy_bucket_policy_role_arn-reading", "Allow"), session: []map[string]any{on3("Allow", puts)}, do: getting("k"), want: refused},
		"session_policy_bucket_policy_session_arn":                      {bucket: toSession("session_policy_bucket_policy_session_arn", "Allow"), session: []map[string]any{on3("Allow", puts)}, do: getting("k"), want: permitted},
		"session_policy_copy_object":                                    {bucket: toSession("session_policy_copy_object", "Allow"), session: []map[string]any{on3("Allow", puts)}, do: copying("k", "k2"), want: permitted},
		"session_policy_no_bucket_role_policy":                          {session: everything, do: putting("k2"), want: refused},
		"session_policy_bucket_policy_deny":                             {role: everything, bucket: toSession("session_policy_bucket_policy_deny", "Deny"), session: []map[string]any{on3("Allow", puts)}, do: putting("k2"), want: refused},
		"session_policy within a boundary":                              {role: everything, session: []map[string]any{on3("Allow", both)}, boundary: policyOf(on3("Allow", all)), do: putting("k2"), want: permitted},
		"session_policy beyond the boundary":                            {role: everything, session: []map[string]any{on3("Allow", both)}, boundary: policyOf(on3("Allow", gets)), do: putting("k2"), want: refused},
		"session_policy beyond the boundary, granted to the role":       {bucket: toRole("session_policy-beyond-the-boundary-granted-to-the-role", "Allow"), boundary: policyOf(on3("Allow", gets)), do: putting("k2"), want: refused},
		"session_policy beyond the boundary, granted to the session":    {bucket: toSession("session_policy-beyond-the-boundary-granted-to-the-session", "Allow"), boundary: policyOf(on3("Allow", gets)), session: []map[string]any{on3("Allow", gets)}, do: putting("k2"), want: permitted},
		"session_policy denied by the boundary, granted to the session": {bucket: toSession("session_policy-denied-by-the-boundary-granted-to-the-session", "Allow"), boundary: policyOf(on3("Deny", puts)), do: putting("k2"), want: refused},
	}
}

// tokenCases are those marked token_claims, token_request_tags, token_principal_tags and token_resource_tags.
func tokenCases() map[string]sessionCase {
	const host = "dev-123456789.okta.com/oauth2/default:"
	tag := []any{"sts:TagSession"}
	all := []any{"s3:*"}
	everything := []map[string]any{on3("Allow", all)}
	engineering := principalTags("Department", "Engineering")
	when := func(operator, key string, values ...any) []map[string]any {
		return []map[string]any{on3("Allow", all, condition(operator, key, values...)...)}
	}
	return map[string]sessionCase{
		"assume_role_with_web_identity_with_sub":                {trust: conditioned("StringEquals", host+"sub", "00uAnalystEXAMPLE"), role: everything, do: putting("k2"), want: permitted},
		"with_sub of somebody else":                             {trust: conditioned("StringEquals", host+"sub", "00uEngineerEXAMPLE"), role: everything, want: refused},
		"assume_role_with_web_identity_with_azp":                {trust: conditioned("StringEquals", host+"aud", "other"), role: everything, claims: []any{"azp", "other"}, do: putting("k2"), want: permitted},
		"with_azp: there is no such key":                        {trust: conditioned("StringEquals", host+"azp", "other"), role: everything, claims: []any{"azp", "other"}, want: refused},
		"with_aud, the audiences of a token with azp":           {trust: conditioned("ForAllValues:StringEquals", host+"oaud", "api://a", "api://b"), role: everything, claims: []any{"azp", "other", "aud", []any{"api://a", "api://b"}}, do: putting("k2"), want: permitted},
		"assume_role_with_web_identity_with_request_tag":        {trust: conditioned("StringEquals", "aws:RequestTag/Department", "Engineering"), actions: tag, role: everything, claims: engineering, do: putting("k2"), want: permitted},
		"with_request_tag of another value":                     {trust: conditioned("StringEquals", "aws:RequestTag/Department", "Marketing"), actions: tag, role: everything, claims: engineering, want: refused},
		"with_request_tag without TagSession":                   {trust: conditioned("StringEquals", "aws:RequestTag/Department", "Engineering"), role: everything, claims: engineering, want: refused},
		"assume_role_with_web_identity_with_principal_tag":      {trust: conditioned("StringEquals", "aws:RequestTag/Department", "Engineering"), actions: tag, role: when("StringEquals", "aws:PrincipalTag/Department", "Engineering"), claims: engineering, do: putting("k2"), want: permitted},
		"with_principal_tag of another value":                   {actions: tag, role: when("StringEquals", "aws:PrincipalTag/Department", "Marketing"), claims: engineering, do: putting("k2"), want: refused},
		"with_principal_tag over the role's":                    {actions: tag, roleTags: map[string]string{"department": "Marketing"}, role: when("StringEquals", "aws:PrincipalTag/Department", "Engineering"), claims: engineering, do: putting("k2"), want: permitted},
		"with_principal_tag of the role":                        {roleTags: map[string]string{"Department": "Marketing"}, role: when("StringEquals", "aws:PrincipalTag/Department", "Marketing"), do: putting("k2"), want: permitted},
		"assume_role_with_web_identity_for_all_values":          {actions: tag, role: when("ForAllValues:StringEquals", "aws:PrincipalTag/Department", "Engineering", "Marketing"), claims: engineering, do: putting("k2"), want: permitted},
		"assume_role_with_web_identity_for_all_values_deny":     {actions: tag, role: when("ForAllValues:StringEquals", "aws:PrincipalTag/Department", "Marketing"), claims: engineering, do: putting("k2"), want: refused},
		"assume_role_with_web_identity_tag_keys_trust_policy":   {trust: conditioned("ForAllValues:StringEquals", "aws:TagKeys", "Department"), actions: tag, role: everything, claims: engineering, do: putting("k2"), want: permitted},
		"tag_keys_trust_policy, a further key":                  {trust: conditioned("ForAllValues:StringEquals", "aws:TagKeys", "Department"), actions: tag, role: everything, claims: principalTags("Department", "Engineering", "Cost", "1"), want: refused},
		"assume_role_with_web_identity_tag_keys_role_policy":    {actions: tag, role: when("ForAnyValue:StringEquals", "aws:TagKeys", "Department"), claims: engineering, do: putting("k2"), want: refused},
		"assume_role_with_web_identity_resource_tag":            {actions: tag, role: when("StringEquals", "s3:ExistingObjectTag/Department", "Engineering"), claims: engineering, do: getting("tagged"), want: permitted},
		"assume_role_with_web_identity_resource_tag_deny":       {actions: tag, role: when("StringEquals", "s3:ExistingObjectTag/Department", "Engineering"), claims: engineering, do: getting("k"), want: refused},
		"assume_role_with_web_identity_wrong_resource_tag_deny": {actions: tag, role: when("StringEquals", "s3:ExistingObjectTag/Department", "Marketing"), claims: engineering, do: getting("tagged"), want: refused},
		"assume_role_with_web_identity_resource_tag_princ_tag":  {actions: tag, role: when("StringEquals", "s3:ExistingObjectTag/Department", "${aws:PrincipalTag/Department}"), claims: engineering, do: getting("tagged"), want: permitted},
		"resource_tag_princ_tag, another principal":             {actions: tag, role: when("StringEquals", "s3:ExistingObjectTag/Department", "${aws:PrincipalTag/Department}"), claims: principalTags("Department", "Marketing"), do: getting("tagged"), want: refused},
		"assume_role_with_web_identity_resource_tag_copy_obj":   {actions: tag, role: append(when("StringEquals", "s3:ExistingObjectTag/Department", "Engineering"), on3("Allow", []any{"s3:PutObject", "s3:PutObjectTagging"})), claims: engineering, do: copying("tagged", "k2"), want: permitted},
		"resource_tag_copy_obj, from an object without":         {actions: tag, role: append(when("StringEquals", "s3:ExistingObjectTag/Department", "Engineering"), on3("Allow", []any{"s3:PutObject", "s3:PutObjectTagging"})), claims: engineering, do: copying("k", "k2"), want: refused},
		"assume_role_with_web_identity_role_resource_tag":       {trust: conditioned("StringEquals", "iam:ResourceTag/Department", "Engineering"), roleTags: map[string]string{"Department": "Engineering"}, role: everything, do: putting("k2"), want: permitted},
		"role_resource_tag of another value":                    {trust: conditioned("StringEquals", "iam:ResourceTag/Department", "Engineering"), roleTags: map[string]string{"Department": "Marketing"}, role: everything, want: refused},
		"role_resource_tag, a role without":                     {trust: conditioned("StringEquals", "aws:ResourceTag/Department", "Engineering"), role: everything, want: refused},
		"role_resource_tag, under the key of every service":     {trust: conditioned("StringEquals", "aws:ResourceTag/Department", "Engineering"), roleTags: map[string]string{"Department": "Engineering"}, role: everything, do: putting("k2"), want: permitted},
		"with_amr":                           {trust: conditioned("ForAnyValue:StringEquals", host+"amr", "mfa", "hwk"), role: everything, claims: []any{"amr", []any{"pwd", "mfa"}}, do: putting("k2"), want: permitted},
		"with_amr, none of them":             {trust: conditioned("ForAnyValue:StringEquals", host+"amr", "mfa", "hwk"), role: everything, claims: []any{"amr", []any{"pwd"}}, want: refused},
		"claims in the session's own policy": {role: when("StringEquals", host+"sub", "00uAnalystEXAMPLE"), do: putting("k2"), want: permitted},
		"claims in the session's own policy, e-mail stays at the door": {role: when("StringEquals", host+"email", "analyst@example.com"), do: putting("k2"), want: refused},
	}
}

// named makes a name of a role of a case's.
func named(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("_+=.@-", r), r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			return r
		case r == ' ':
			return '-'
		}
		return -1
	}, title)
}

// bucketNamed is the bucket of a case.
func bucketNamed(title string) string {
	name := "w-" + strings.ToLower(strings.NewReplacer("_", "-", ".", "", "@", "").Replace(named(title)))
	return name[:min(len(name), 63)]
}

// add puts the role and the bucket of a case into a world.
func (c *sessionCase) add(w *lab.World, title string) {
	r := addRole(w, 1, named(title), trusting(nil), nil)
	var when any
	if c.trust != nil {
		when = c.trust
	}
	r.Trust, r.Tags = trusting(when, c.actions...), c.roleTags
	if c.role != nil {
		r.Policies = map[string]any{"p": policyOf(c.role...)}
	}
	if c.boundary != nil {
		a := &w.Accounts[1]
		a.Policies = append(a.Policies, world.ManagedPolicyFile{Name: r.Name, Document: c.boundary})
		r.PermissionsBoundary = "arn:aws:iam::444455556666:policy/" + r.Name
	}
	b := world.BucketFile{Name: bucketNamed(title), Account: appl, Objects: []world.ObjectFile{
		{Key: "k", Body: "k"}, {Key: "tagged", Body: "t", Tags: []world.ObjectTagFile{{Key: "Department", Value: "Engineering"}}},
	}}
	if c.bucket != nil {
		b.Policy = policyOf(c.bucket...)
	}
	w.Buckets = append(w.Buckets, b)
}

func TestWebIdentityInTheMannerOfCeph(t *testing.T) {
	cases := sessionPolicyCases()
	for title, c := range tokenCases() {
		cases[title] = c
	}
	b := start(t, webIdentityWorld, func(w *lab.World) {
		for title, c := range cases {
			c.add(w, title)
		}
	})
	for title, c := range cases {
		t.Run(title, func(t *testing.T) {
			b := b.on(t)
			out, err := b.webIdentity(roleIn(appl, named(title)), b.jwt("analyst", claims(c.claims...)), func(in *sts.AssumeRoleWithWebIdentityInput) {
				if c.session != nil {
					in.Policy = aws.String(jsonText(t, policyOf(c.session...)))
				}
			})
			if c.do != nil && err == nil {
				err = c.do(t.Context(), b.s3(static(out.Credentials)), bucketNamed(title))
			} else if c.do != nil {
				t.Fatalf("no session: %v", err)
			}
			if got := short(err); got != c.want {
				t.Errorf("answer %q (%v), want %q", got, err, c.want)
			}
		})
	}
}
