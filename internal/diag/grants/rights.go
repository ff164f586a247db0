package grants

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// right is an action that credentials of a grant have if the location's role has it.
type right struct {
	action string
	// bucket says that it is about the bucket, not about what is in it.
	bucket bool
	// needed says that the grant is of little use without it.
	needed bool
}

// Rights by permission, as the S3 guide lists them.
var (
	readRights = []right{
		{"s3:GetObject", false, true}, {"s3:ListBucket", true, true},
		{"s3:GetObjectVersion", false, false}, {"s3:GetObjectAcl", false, false}, {"s3:GetObjectVersionAcl", false, false},
		{"s3:ListMultipartUploadParts", false, false}, {"s3:ListBucketVersions", true, false}, {"s3:ListBucketMultipartUploads", true, false},
	}
	writeRights = []right{
		{"s3:PutObject", false, true}, {"s3:DeleteObject", false, true},
		{"s3:PutObjectAcl", false, false}, {"s3:PutObjectVersionAcl", false, false}, {"s3:DeleteObjectVersion", false, false}, {"s3:AbortMultipartUpload", false, false},
	}
)

// rightsOf are those of a permission.
func rightsOf(p types.Permission) []right {
	var all []right
	if p != types.PermissionWrite {
		all = append(all, readRights...)
	}
	if p != types.PermissionRead {
		all = append(all, writeRights...)
	}
	return all
}

// isObject reports whether a path is one object.
func isObject(path string) bool {
	_, key, inBucket := strings.Cut(strings.TrimPrefix(path, "s3://"), "/")
	return inBucket && key != "" && !strings.HasSuffix(key, "/") && !strings.HasSuffix(key, "*")
}

// key is what there may be in the bucket at the path.
func (s *section) key() string {
	_, key, _ := strings.Cut(strings.TrimPrefix(s.target, "s3://"), "/")
	if isObject(s.target) {
		return key
	}
	return strings.TrimSuffix(key, "*") + "example"
}

// inBucket asks for a right at the path, as credentials of a grant would.
func (s *section) inBucket(r right) iamrole.Request {
	keys := policy.Context{"s3:AccessGrantsInstanceArn": {s.instance}, "aws:RequestedRegion": {s.region}}
	if s.bucketOwned {
		keys["aws:ResourceAccount"], keys["s3:ResourceAccount"] = []string{s.account}, []string{s.account}
	}
	resource := "arn:" + s.partition + ":s3:::" + s.bucket()
	if !r.bucket {
		return iamrole.Request{Action: r.action, Resource: resource + "/" + s.key(), Keys: keys}
	}
	_, prefix, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(s.target, "s3://"), "*"), "/")
	keys["s3:prefix"] = []string{prefix}
	return iamrole.Request{Action: r.action, Resource: resource, Keys: keys}
}

// checkRights asks the policies of the location's role for what the grant promises.
func (s *section) checkRights() {
	switch {
	case s.log.Has(checkRights) || s.role == nil && s.target != "":
		return
	case s.target == "":
		s.log.Skip(checkRights, "needs a path: --target")
		return
	case s.bucket() == "" || s.log.Has("grants.no-bucket"):
		s.log.Skip(checkRights, "needs a bucket")
		return
	}
	var lacking, minor []string
	for _, r := range rightsOf(s.permission) {
		if r.bucket && isObject(s.target) {
			continue
		}
		answer := iamrole.Allows(s.role, s.inBucket(r))
		switch {
		case answer.Allowed():
		case answer.Unknown:
			s.doubt(checkRights, r.action+" of "+s.role.ARN, &answer, s.role.Missing)
			return
		case answer.Denied() && r.needed:
			s.log.Found("grants.location-rights-denied", s.role.ARN, r.action+" is "+answer.Why, s.dropDenial(answer))
			return
		case r.needed:
			lacking = append(lacking, r.action)
		default:
			minor = append(minor, r.action)
		}
	}
	if len(lacking) > 0 {
		s.log.Found("grants.location-rights-missing", s.role.ARN, strings.Join(lacking, ", ")+" of "+s.target+" is not allowed by its policies", s.allow(lacking))
		return
	}
	seen := s.role.ARN + " may do what " + string(s.permission) + " promises"
	if len(minor) > 0 {
		seen += ", but for " + strings.Join(minor, ", ")
	}
	s.log.OK(checkRights, seen)
}

// dropDenial says which statement is to go.
func (s *section) dropDenial(a iamrole.Answer) finding.Fix {
	where := "the policy " + a.Policy
	if a.Boundary {
		where = "the permissions boundary " + a.Policy
	}
	return finding.Fix{
		Who: finding.DataAdmin, Does: "let the statement of " + where + " that denies leave out " + s.target + " (" + a.Why + ")",
		Console: "IAM > Roles > " + s.role.Name + " > Permissions > " + a.Policy,
	}
}

// allow gives the role rights at the path, in an inline policy of their own.
func (s *section) allow(actions []string) finding.Fix {
	if s.role.Boundary != nil || s.role.BoundaryARN != "" {
		return finding.Fix{
			Who: finding.DataAdmin, Does: "allow " + strings.Join(actions, " and ") + " in a policy of the role and in its permissions boundary " + s.role.BoundaryARN,
			Console: "IAM > Roles > " + s.role.Name + " > Permissions",
		}
	}
	d := iamrole.NewDraft()
	d.Statement = s.rightStatements(s.target, actions)
	return s.iamCommand("allow it to the role, for this path and instance only", "put-role-policy", "--role-name", s.role.Name,
		"--policy-name", s.freeName(), "--policy-document", d.Text())
}

// freeName is the name of an inline policy that the role does not have.
func (s *section) freeName() string {
	name := "tip-cli-" + s.bucket()
	for slices.ContainsFunc(s.role.PolicyNames, func(other string) bool { return strings.EqualFold(other, name) }) {
		name += "-2"
	}
	return name
}

// rightStatements allow actions at a path, to sessions of the instance only.
func (s *section) rightStatements(path string, actions []string) []iamrole.Statement {
	var inBucket, ofBucket []string
	for _, r := range rightsOf(types.PermissionReadwrite) {
		switch {
		case !slices.Contains(actions, r.action):
		case r.bucket:
			ofBucket = append(ofBucket, r.action)
		default:
			inBucket = append(inBucket, r.action)
		}
	}
	bucket, key, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(path, "s3://"), "*"), "/")
	arn := "arn:" + s.partition + ":s3:::" + strings.TrimSuffix(bucket, "*")
	if !isObject(path) {
		key += "*"
	}
	conditions := iamrole.Value(map[string]any{
		"StringEquals": map[string]string{"aws:ResourceAccount": s.account}, "ArnEquals": map[string]string{"s3:AccessGrantsInstanceArn": s.instance},
	})
	var all []iamrole.Statement
	if len(inBucket) > 0 {
		all = append(all, iamrole.Statement{Effect: "Allow", Action: iamrole.Value(inBucket), Resource: iamrole.Value(arn + "/" + key), Condition: conditions})
	}
	if len(ofBucket) > 0 {
		all = append(all, iamrole.Statement{Effect: "Allow", Action: iamrole.Value(ofBucket), Resource: iamrole.Value(arn), Condition: conditions})
	}
	return all
}
