package policy_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// The S3 user guide: "Examples of Amazon S3 bucket policies" and "Bucket policy
// examples using condition keys"; the pages of S3 Access Grants and of IAM
// Identity Center.
func TestGuideResourcePolicies(t *testing.T) {
	resource := policy.Resource
	const (
		bucket = "arn:aws:s3:::amzn-s3-demo-bucket"
		object = bucket + "/k"
		grants = "arn:aws:s3:eu-west-1:444455556666:access-grants/default"
	)
	other := iamUser("111122223333", "JohnDoe")
	star := `"Principal":"*"`
	testExamples(t, []example{
		{"objects must be encrypted with KMS", resource, `"Effect":"Deny",` + star + `,"Action":"s3:PutObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":{"Null":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"true"}}`, []question{
			ask(forbidden, "s3:PutObject", object), ask(unanswered, "s3:PutObject", object, "s3:x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:eu-west-1:444455556666:key/1"),
			ask(unanswered, "s3:GetObject", object),
		}},
		{"two accounts may put public objects", resource, `"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::444455556666:root"]},"Action":["s3:PutObject","s3:PutObjectAcl"],"Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":{"StringEquals":{"s3:x-amz-acl":["public-read"]}}`, []question{
			askAs(other, allowed, "s3:PutObject", object, "s3:x-amz-acl", "public-read"), askAs(other, unanswered, "s3:PutObject", object, "s3:x-amz-acl", "private"),
			askAs(iamUser("777788889999", "x"), unanswered, "s3:PutObject", object, "s3:x-amz-acl", "public-read"), askAs(policy.Principal{}, unanswered, "s3:PutObject", object, "s3:x-amz-acl", "public-read"),
		}},
		{"the bucket owner keeps full control", resource, `"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}`, []question{
			askAs(other, allowed, "s3:PutObject", object, "s3:x-amz-acl", "bucket-owner-full-control"), askAs(other, unanswered, "s3:PutObject", object),
		}},
		{"only HTTPS", resource, `"Effect":"Deny",` + star + `,"Action":"s3:*","Resource":["arn:aws:s3:::amzn-s3-demo-bucket","arn:aws:s3:::amzn-s3-demo-bucket/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}`, []question{
			askAs(policy.Principal{}, forbidden, "s3:GetObject", object, "aws:SecureTransport", "false"), ask(unanswered, "s3:GetObject", object, "aws:SecureTransport", "true"),
			ask(forbidden, "s3:ListBucket", bucket, "aws:SecureTransport", "false"), ask(unanswered, "s3:ListBucket", bucket+"-2", "aws:SecureTransport", "false"),
		}},
		{"IPv4 and IPv6 with exceptions", resource, `"Effect":"Allow",` + star + `,"Action":"s3:*","Resource":["arn:aws:s3:::amzn-s3-demo-bucket/*"],"Condition":{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","2001:DB8:1234:5678::/64"]},"NotIpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:DB8:1234:5678:ABCD::/80","192.0.2.188"]}}`, []question{
			ask(allowed, "s3:GetObject", object, "aws:SourceIp", "192.0.2.1"), ask(unanswered, "s3:GetObject", object, "aws:SourceIp", "192.0.2.188"),
			ask(allowed, "s3:GetObject", object, "aws:SourceIp", "2001:db8:1234:5678::9"), ask(unanswered, "s3:GetObject", object, "aws:SourceIp", "2001:db8:1234:5678:abcd::1"),
		}},
		{"HTTP referer", resource, `{"Effect":"Allow",` + star + `,"Action":["s3:GetObject"],"Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":{"StringLike":{"aws:Referer":["http://www.example.com/*","http://example.com/*"]}}},
			{"Effect":"Deny",` + star + `,"Action":"s3:*","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":{"StringNotLike":{"aws:Referer":["http://www.example.com/*","http://example.com/*"]}}}`, []question{
			ask(allowed, "s3:GetObject", object, "aws:Referer", "http://example.com/page"), ask(forbidden, "s3:GetObject", object, "aws:Referer", "http://example.org/"), ask(forbidden, "s3:GetObject", object),
		}},
		{"a folder of one user", resource, `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/JohnDoe"},"Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::amzn-s3-demo-bucket"],"Condition":{"StringEquals":{"s3:prefix":["","home/","home/JohnDoe"],"s3:delimiter":["/"]}}},
			{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/JohnDoe"},"Action":["s3:*"],"Resource":["arn:aws:s3:::amzn-s3-demo-bucket/home/JohnDoe/*"]}`, []question{
			askAs(other, allowed, "s3:ListBucket", bucket, "s3:prefix", "home/", "s3:delimiter", "/"), askAs(other, unanswered, "s3:ListBucket", bucket, "s3:prefix", "home/"),
			askAs(other, allowed, "s3:PutObject", bucket+"/home/JohnDoe/k"), askAs(iamUser("111122223333", "johndoe"), unanswered, "s3:PutObject", bucket+"/home/JohnDoe/k"),
		}},
		{"MFA and its age", resource, `{"Effect":"Deny",` + star + `,"Action":"s3:*","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/tax/*","Condition":{"Null":{"aws:MultiFactorAuthAge":true}}},
			{"Effect":"Deny",` + star + `,"Action":"s3:*","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/tax/*","Condition":{"NumericGreaterThan":{"aws:MultiFactorAuthAge":3600}}}`, []question{
			ask(forbidden, "s3:GetObject", bucket+"/tax/k"), ask(forbidden, "s3:GetObject", bucket+"/tax/k", "aws:MultiFactorAuthAge", "3601"), ask(unanswered, "s3:GetObject", bucket+"/tax/k", "aws:MultiFactorAuthAge", "60"),
		}},
		{"object tags", resource, `{"Effect":"Allow",` + star + `,"Action":["s3:GetObject"],"Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/environment":"production"}}},
			{"Effect":"Allow",` + star + `,"Action":"s3:PutObjectTagging","Resource":"*","Condition":{"ForAllValues:StringLike":{"s3:RequestObjectTagKeys":["Owner","CreationDate"]}}}`, []question{
			ask(allowed, "s3:GetObject", object, "s3:ExistingObjectTag/environment", "production"), ask(unanswered, "s3:GetObject", object), ask(allowed, "s3:PutObjectTagging", object, "s3:RequestObjectTagKeys", "Owner"),
			ask(unanswered, "s3:PutObjectTagging", object, "s3:RequestObjectTagKeys", "Owner|Other"),
		}},
		{"an organization", resource, `"Effect":"Allow",` + star + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":{"StringEquals":{"aws:PrincipalOrgID":["o-aa111bb222"]}}`, []question{
			ask(allowed, "s3:GetObject", object, "aws:PrincipalOrgID", "o-aa111bb222"), ask(unanswered, "s3:GetObject", object, "aws:PrincipalOrgID", "o-aa111bb223"), askAs(policy.Principal{}, unanswered, "s3:GetObject", object),
		}},
		{"CloudFront with origin access control", resource, `"Effect":"Allow","Principal":{"Service":"cloudfront.amazonaws.com"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":{"StringEquals":{"AWS:SourceArn":"arn:aws:cloudfront::111122223333:distribution/E1"}}`, []question{
			askAs(service("cloudfront.amazonaws.com"), allowed, "s3:GetObject", object, "aws:SourceArn", "arn:aws:cloudfront::111122223333:distribution/E1"),
			askAs(service("cloudfront.amazonaws.com"), unanswered, "s3:GetObject", object, "aws:SourceArn", "arn:aws:cloudfront::111122223333:distribution/E2"),
			askAs(service("s3.amazonaws.com"), unanswered, "s3:GetObject", object, "aws:SourceArn", "arn:aws:cloudfront::111122223333:distribution/E1"),
			ask(unanswered, "s3:GetObject", object, "aws:SourceArn", "arn:aws:cloudfront::111122223333:distribution/E1"),
		}},
		{"inventory", resource, `"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"s3:PutObject","Resource":["arn:aws:s3:::amzn-s3-demo-bucket/*"],"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::source"},"StringEquals":{"aws:SourceAccount":"111122223333","s3:x-amz-acl":"bucket-owner-full-control"}}`, []question{
			askAs(service("s3.amazonaws.com"), allowed, "s3:PutObject", object, "aws:SourceArn", "arn:aws:s3:::source", "aws:SourceAccount", "111122223333", "s3:x-amz-acl", "bucket-owner-full-control"),
			askAs(service("s3.amazonaws.com"), unanswered, "s3:PutObject", object, "aws:SourceArn", "arn:aws:s3:::source", "aws:SourceAccount", "444455556666", "s3:x-amz-acl", "bucket-owner-full-control"),
		}},
		{"a VPC endpoint", resource, `"Effect":"Deny",` + star + `,"Action":"s3:*","Resource":["arn:aws:s3:::amzn-s3-demo-bucket","arn:aws:s3:::amzn-s3-demo-bucket/*"],"Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-0abcdef1234567890"}}`, []question{
			ask(forbidden, "s3:GetObject", object), ask(unanswered, "s3:GetObject", object, "aws:SourceVpce", "vpce-0abcdef1234567890"),
		}},
		{"TLS 1.2 at least", resource, `"Effect":"Deny",` + star + `,"Action":"s3:*","Resource":"*","Condition":{"NumericLessThan":{"s3:TlsVersion":1.2}}`, []question{
			ask(forbidden, "s3:GetObject", object, "s3:TlsVersion", "1.1"), ask(unanswered, "s3:GetObject", object, "s3:TlsVersion", "1.2"), ask(unanswered, "s3:GetObject", object),
		}},
		{"age and kind of a signature", resource, `{"Effect":"Deny",` + star + `,"Action":"s3:*","Resource":"*","Condition":{"NumericGreaterThan":{"s3:signatureAge":600000}}},{"Effect":"Deny",` + star + `,"Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"s3:authType":"REST-HEADER"}}}`, []question{
			ask(unanswered, "s3:GetObject", object, "s3:signatureAge", "1000", "s3:authType", "REST-HEADER"), ask(forbidden, "s3:GetObject", object, "s3:signatureAge", "600001", "s3:authType", "REST-HEADER"),
			ask(forbidden, "s3:GetObject", object, "s3:signatureAge", "1", "s3:authType", "REST-QUERY-STRING"),
		}},
		{"where copies come from", resource, `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/JohnDoe"},"Action":["s3:PutObject"],"Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*"},{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/JohnDoe"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":{"StringNotLike":{"s3:x-amz-copy-source":"amzn-s3-demo-bucket/public/*"}}}`, []question{
			askAs(other, allowed, "s3:PutObject", object, "s3:x-amz-copy-source", "amzn-s3-demo-bucket/public/x"), askAs(other, forbidden, "s3:PutObject", object, "s3:x-amz-copy-source", "amzn-s3-demo-bucket/private/x"),
		}},
		{"S3 Access Grants: an instance for another account", resource, `"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["s3:ListAccessGrants","s3:ListAccessGrantsLocations","s3:GetDataAccess","s3:GetAccessGrantsInstanceForPrefix"],"Resource":"` + grants + `"`, []question{
			askAs(roleSession("111122223333", "App", "s"), allowed, "s3:GetDataAccess", grants), askAs(roleSession("111122223333", "App", "s"), unanswered, "s3:CreateAccessGrant", grants),
			ask(unanswered, "s3:GetDataAccess", grants),
		}},
		{"IAM Identity Center: an actor policy", policy.Actor, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/App"},"Action":"sso-oauth:CreateTokenWithIAM","Resource":"*"`, []question{
			ask(allowed, "sso-oauth:CreateTokenWithIAM", "arn:aws:sso::111122223333:application/ssoins-1/apl-1"), ask(unanswered, "sso-oauth:IntrospectTokenWithIAM", "*"),
			askAs(roleSession("444455556666", "Other", "alice"), unanswered, "sso-oauth:CreateTokenWithIAM", "*"),
		}},
	})
}
