package diagnosis_test

import (
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

func regionMistakes() []mistake {
	const far = "us-east-1"
	const otherARN = "arn:aws:sso::111122223333:application/ssoins-ffffffffffffffff/apl-1234567890abcdef"
	const chinese = "arn:aws-cn:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	return []mistake{
		{
			id: "regions.center-elsewhere", what: "`identity_center_region` is not the region of Identity Center",
			keys: map[string]any{"identity_center_region": far}, culprit: "identity_center_region", says: "eu-west-1",
		},
		{
			id: "regions.center-elsewhere", name: "region", what: "`region` is wrong, and Identity Center is looked for there as well",
			keys: map[string]any{"region": far}, culprit: "region", says: "eu-west-1", args: append(withWorkGroup(), "--live"),
		},
		{
			id: "regions.no-instance", what: "the configured application is of an Identity Center instance that is gone",
			keys: map[string]any{"token_exchange_application_arn": otherARN}, culprit: otherARN, says: "an application of the instance",
			mend: func(b *bench) { b.configure(nil) },
		},
		{
			id: "regions.other-partition", what: "`-a` is an application in China",
			args: []string{"-a", chinese}, culprit: chinese, says: "an application in aws",
			then: []string{"-a", labtest.ApplicationARN},
		},
		{
			id: "regions.grants-elsewhere", what: "`region` is not that of S3 Access Grants, which is Identity Center's",
			keys: map[string]any{"region": far, "identity_center_region": "eu-west-1"}, culprit: "region", says: "eu-west-1",
		},
		{
			id: "regions.bucket-elsewhere", what: "the bucket of `--target` is in another region",
			world: func(w *lab.World) {
				bucket := w.Buckets[0]
				bucket.Name, bucket.Region, bucket.Objects = "tip-far-data", far, nil
				w.Buckets = append(w.Buckets, bucket)
			},
			args: []string{"--target", "s3://tip-far-data/reports/"}, culprit: "s3://tip-far-data", says: "eu-west-1",
			then: []string{"--target", reports},
		},
		{
			id: "regions.environment-differs", what: "`AWS_REGION` is another region than the configured one",
			make:    func(b *bench) { b.setenv("AWS_REGION", far) },
			culprit: "AWS_REGION", says: "eu-west-1",
			mend: func(b *bench) { b.setenv("AWS_REGION", "eu-west-1") },
		},
	}
}
