package cloudformation

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/uuid"
)

// The lab's S3 has none of the other properties of a bucket: they are refused as
// those that AWS does not have.
func bucketKinds() []*kind {
	return []*kind{
		{
			name: "AWS::S3::Bucket", attributes: []string{"Arn", "DomainName", "DualStackDomainName", "RegionalDomainName"},
			properties: []property{
				{name: "BucketName", replaces: true},
				{name: "VersioningConfiguration", form: objectForm, members: []property{{name: "Status", required: true}}},
			},
			make: makeBucket, change: changeBucket, remove: removeBucket,
		},
		{
			name:       "AWS::S3::BucketPolicy",
			properties: []property{{name: "Bucket", required: true, replaces: true}, {name: "PolicyDocument", form: freeForm, required: true}},
			make:       makeBucketPolicy, change: putBucketPolicy, remove: removeBucketPolicy,
		},
		{
			name:       "AWS::CloudFormation::WaitConditionHandle",
			properties: nil,
			make: func(_ context.Context, w *work) (string, error) {
				return "https://cloudformation-waitcondition-" + w.region + ".s3." + w.region + ".amazonaws.com/" + uuid.NewString(), nil
			},
			change: nothing, remove: nothing,
		},
	}
}

func makeBucket(ctx context.Context, w *work) (string, error) {
	name := w.now.value("BucketName")
	if name == "" {
		name = strings.ToLower(w.physicalName(63))
	}
	in := &s3.CreateBucketInput{Bucket: &name}
	if w.region != "us-east-1" {
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(w.region)}
	}
	if _, err := w.s3.CreateBucket(ctx, in); err != nil {
		return "", err
	}
	w.id = name
	w.attributes = map[string]string{
		"Arn": "arn:" + w.partition + ":s3:::" + name, "DomainName": name + ".s3.amazonaws.com",
		"DualStackDomainName": name + ".s3.dualstack." + w.region + ".amazonaws.com", "RegionalDomainName": name + ".s3." + w.region + ".amazonaws.com",
	}
	return name, changeBucket(ctx, w)
}

func changeBucket(ctx context.Context, w *work) error {
	if !w.changed("VersioningConfiguration") {
		return nil
	}
	status := types.BucketVersioningStatusSuspended
	if given := w.now.object("VersioningConfiguration").value("Status"); given != "" {
		status = types.BucketVersioningStatus(given)
	}
	_, err := w.s3.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &w.id, VersioningConfiguration: &types.VersioningConfiguration{Status: status}})
	return err
}

func removeBucket(ctx context.Context, w *work) error {
	_, err := w.s3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &w.id})
	return gone(err)
}

func makeBucketPolicy(ctx context.Context, w *work) (string, error) {
	if err := putBucketPolicy(ctx, w); err != nil {
		return "", err
	}
	return w.now.value("Bucket"), nil
}

func putBucketPolicy(ctx context.Context, w *work) error {
	_, err := w.s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: w.now.text("Bucket"), Policy: w.now.document("PolicyDocument")})
	return err
}

func removeBucketPolicy(ctx context.Context, w *work) error {
	_, err := w.s3.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: w.old.text("Bucket")})
	return gone(err)
}
