package grants

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// checkBucket wants the bucket to exist. Whether it is where it should be is for the
// section regions.
func (s *section) checkBucket(ctx context.Context) {
	bucket := s.bucket()
	switch {
	case s.target == "":
		s.log.Skip(checkBucket, "needs a path: --target")
		return
	case bucket == "":
		s.log.Skip(checkBucket, "--target names no bucket")
		return
	case s.s3 == nil:
		s.unread(checkBucket, s.unopened("s3:ListBucket"))
		return
	}
	_, err := s.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket, ExpectedBucketOwner: &s.account})
	status := 0
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = response.HTTPStatusCode()
	}
	switch {
	case err == nil:
		s.bucketOwned = true
		s.log.OK(checkBucket, bucket+" is of account "+s.account)
	case status == http.StatusNotFound:
		s.log.Found("grants.no-bucket", bucket, "there is no bucket "+bucket, s.createBucket(bucket))
	case status == http.StatusForbidden:
		s.bucketHidden = true
		s.log.OK(checkBucket, bucket+" exists; it is another account's, or may not be looked at")
	case status == http.StatusMovedPermanently:
		s.log.OK(checkBucket, bucket+" exists in another region")
	default:
		s.unread(checkBucket, refusal.Of("s3:ListBucket", err))
	}
}

// doubt says what an answer depends on: whose the bucket is comes of reading it.
func (s *section) doubt(check, of string, a *iamrole.Answer, missing []string) {
	seen := of + ": " + a.Why
	owner := slices.Contains(a.Doubts, "aws:ResourceAccount") || slices.Contains(a.Doubts, "s3:ResourceAccount")
	if s.bucketHidden && owner {
		const permission = "s3:ListBucket"
		seen, missing = seen+", and whose the bucket is may not be looked at: "+permission+" is not allowed", append(slices.Clone(missing), permission)
	}
	s.log.Unread(check, seen, missing)
}

// createBucket makes it. The first region of AWS is the one that must not be named.
func (s *section) createBucket(bucket string) finding.Fix {
	words := []string{"s3api", "create-bucket", "--bucket", bucket}
	if s.region != "us-east-1" {
		words = append(words, "--create-bucket-configuration", "LocationConstraint="+s.region)
	}
	return finding.Fix{Who: finding.DataAdmin, Does: "make the bucket, unless its name is misspelt", Command: s.Application.AWS(s.region, words...)}
}

// checkBucketPolicy looks for a denial.
func (s *section) checkBucketPolicy(ctx context.Context) {
	switch {
	case s.log.Has(checkPolicy) || s.role == nil && s.target != "":
		return
	case s.target == "":
		s.log.Skip(checkPolicy, "needs a path: --target")
		return
	case s.bucket() == "" || s.log.Has("grants.no-bucket"):
		s.log.Skip(checkPolicy, "needs a bucket")
		return
	}
	bucket := s.bucket()
	out, err := s.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &bucket})
	if refused := refusal.Of("s3:GetBucketPolicy", err); refused != nil && refused.Code == "NoSuchBucketPolicy" {
		s.log.OK(checkPolicy, bucket+" has none")
		return
	} else if refused != nil {
		s.unread(checkPolicy, refused)
		return
	}
	doc, err := policy.Parse([]byte(deref(out.Policy)), policy.Resource)
	if err != nil {
		s.log.Unread(checkPolicy, "the policy of "+bucket+" is not understood: "+err.Error(), nil)
		return
	}
	s.judgeBucketPolicy(bucket, doc)
}

func (s *section) judgeBucketPolicy(bucket string, doc *policy.Document) {
	for _, r := range rightsOf(s.permission) {
		if !r.needed || r.bucket && isObject(s.target) {
			continue
		}
		answer := iamrole.Admits(doc, s.account, s.role, s.inBucket(r))
		switch {
		case answer.Unknown && len(answer.Doubts) > 0:
			s.doubt(checkPolicy, "the policy of "+bucket+", "+r.action, &answer, nil)
			return
		case answer.Denied() && answer.Outcome.By == policy.ResourceBased:
			s.log.Found("grants.bucket-policy-denies", "arn:"+s.partition+":s3:::"+bucket, r.action+" of "+s.role.ARN+" is "+answer.Why, s.except(bucket, doc, answer.Outcome.Result.Statement))
			return
		}
	}
	s.log.OK(checkPolicy, "that of "+bucket+" denies "+s.role.ARN+" nothing")
}

// except leaves the location's role out of a statement that denies.
func (s *section) except(bucket string, doc *policy.Document, statement int) finding.Fix {
	d := iamrole.Edit(doc)
	by := finding.Fix{Who: finding.DataAdmin, Does: "leave the location's role out of the statement that denies", Console: "Amazon S3 > Buckets > " + bucket + " > Permissions > Bucket policy"}
	if leaveOut(d, statement, "aws:PrincipalArn", s.role.ARN) {
		by.Console, by.Command = "", s.Application.AWS(s.region, "s3api", "put-bucket-policy", "--bucket", bucket, "--policy", d.Text())
	}
	return by
}

// leaveOut has a statement that denies spare those whose key has a value. It is false if
// that is not possible.
func leaveOut(d *iamrole.Draft, statement int, key, value string) bool {
	const operator = "ArnNotEquals"
	if statement < 0 || statement >= len(d.Statement) {
		return false
	}
	conditions := map[string]map[string]json.RawMessage{}
	if have := d.Statement[statement].Condition; len(have) > 0 && json.Unmarshal(have, &conditions) != nil {
		return false
	}
	if conditions[operator] == nil {
		conditions[operator] = map[string]json.RawMessage{}
	}
	others := iamrole.List(conditions[operator][key])
	if !slices.Contains(others, value) {
		others = append(others, value)
	}
	conditions[operator][key] = iamrole.Value(others)
	d.Statement[statement].Condition = iamrole.Value(conditions)
	return true
}
