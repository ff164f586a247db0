package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// Things of the default world that these tests use.
const (
	stateRole        = "arn:aws:iam::444455556666:role/tip-oidc-role"
	stateEnhanced    = "arn:aws:iam::444455556666:role/tip-id-enhanced-role"
	stateApplication = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
)

// keptLab is a lab on a data directory and the ways to it.
type keptLab struct {
	*lab.Lab
	t      *testing.T
	client *http.Client
}

func inDir(t *testing.T, dir string, edits ...func(*lab.Options)) *keptLab {
	t.Helper()
	opts := lab.Options{DataDir: dir}
	for _, edit := range edits {
		edit(&opts)
	}
	l, err := lab.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &keptLab{Lab: l, t: t, client: l.HTTPClient()}
}

// end closes the lab, which must have saved everything.
func (l *keptLab) end() {
	l.t.Helper()
	l.client.CloseIdleConnections()
	if err := l.Close(); err != nil {
		l.t.Fatal(err)
	}
}

func (l *keptLab) config(provider aws.CredentialsProvider) aws.Config {
	if provider == nil {
		provider = aws.AnonymousCredentials{}
	}
	return aws.Config{Region: l.Region(), HTTPClient: l.client, Credentials: provider, RetryMaxAttempts: 1}
}

func ofSTS(c *ststypes.Credentials) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

func (l *keptLab) token() string {
	l.t.Helper()
	token, err := l.IssueIDToken("okta", "analyst", labtest.ClientID)
	if err != nil {
		l.t.Fatal(err)
	}
	return token
}

func (l *keptLab) webIdentity(token string) (aws.CredentialsProvider, error) {
	out, err := sts.NewFromConfig(l.config(nil)).AssumeRoleWithWebIdentity(l.t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(stateRole), RoleSessionName: aws.String("kept"), WebIdentityToken: &token,
	})
	if err != nil {
		return nil, err
	}
	return ofSTS(out.Credentials), nil
}

func (l *keptLab) exchange(provider aws.CredentialsProvider, edit func(*ssooidc.CreateTokenWithIAMInput)) (*ssooidc.CreateTokenWithIAMOutput, error) {
	in := &ssooidc.CreateTokenWithIAMInput{ClientId: aws.String(stateApplication), GrantType: aws.String("urn:ietf:params:oauth:grant-type:jwt-bearer")}
	edit(in)
	return ssooidc.NewFromConfig(l.config(provider)).CreateTokenWithIAM(l.t.Context(), in)
}

func (l *keptLab) enhanced(provider aws.CredentialsProvider, assertion *string, edits ...func(*sts.AssumeRoleInput)) (aws.CredentialsProvider, error) {
	in := &sts.AssumeRoleInput{
		RoleArn: aws.String(stateEnhanced), RoleSessionName: aws.String("kept"), ProvidedContexts: []ststypes.ProvidedContext{
			{ProviderArn: aws.String("arn:aws:iam::aws:contextProvider/IdentityCenter"), ContextAssertion: assertion},
		},
	}
	for _, edit := range edits {
		edit(in)
	}
	out, err := sts.NewFromConfig(l.config(provider)).AssumeRole(l.t.Context(), in)
	if err != nil {
		return nil, err
	}
	return ofSTS(out.Credentials), nil
}

// whoami is the ARN of credentials, or the code of the refusal.
func (l *keptLab) whoami(provider aws.CredentialsProvider) string {
	out, err := sts.NewFromConfig(l.config(provider)).GetCallerIdentity(l.t.Context(), nil)
	if err != nil {
		return codeOf(err)
	}
	return *out.Arn
}

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func (l *keptLab) s3() *s3.Client { return s3.NewFromConfig(l.config(labtest.Admin())) }

func unfailing[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Sessions, spent tokens, refresh tokens, identity contexts, signing keys, the CA
// and the trail outlast a lab, at another address too.
func TestSessionsOutlastTheLab(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first := inDir(t, dir, labtest.Edit(func(w *lab.World) { w.IdentityCenter[0].Applications[0].RefreshToken = true }))
	spent, later := first.token(), first.token()
	web := unfailing[aws.CredentialsProvider](t)(first.webIdentity(spent))
	made := unfailing[*ssooidc.CreateTokenWithIAMOutput](t)(first.exchange(web, func(in *ssooidc.CreateTokenWithIAMInput) { in.Assertion = &spent }))
	person := unfailing[aws.CredentialsProvider](t)(first.enhanced(web, made.AwsAdditionalDetails.IdentityContext, func(in *sts.AssumeRoleInput) {
		in.Policy = aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"athena:*","Resource":"*"}]}`)
	}))
	administrator := first.Administrator("444455556666")
	before := []string{first.whoami(web), first.whoami(person), first.whoami(administrator), string(first.CA())}
	events := len(first.Events())
	first.end()

	second := inDir(t, dir)
	if !second.Restored() {
		t.Fatal("it began anew")
	}
	for i, now := range []string{second.whoami(web), second.whoami(person), second.whoami(second.Administrator("444455556666")), string(second.CA())} {
		if now != before[i] {
			t.Errorf("%d: %s, was %s", i, now, before[i])
		}
	}
	if n := len(second.Events()); n < events {
		t.Errorf("%d events, there were %d", n, events)
	}
	if _, err := second.exchange(web, func(in *ssooidc.CreateTokenWithIAMInput) { in.Assertion = &spent }); codeOf(err) != "InvalidGrantException" {
		t.Errorf("a spent token: %v", err)
	}
	if _, err := second.exchange(web, func(in *ssooidc.CreateTokenWithIAMInput) { in.Assertion = &later }); err != nil {
		t.Errorf("a token signed before: %v", err)
	}
	if _, err := second.exchange(web, func(in *ssooidc.CreateTokenWithIAMInput) {
		in.GrantType, in.RefreshToken = aws.String("refresh_token"), made.RefreshToken
	}); err != nil {
		t.Errorf("a refresh token: %v", err)
	}
	if _, err := second.enhanced(web, made.AwsAdditionalDetails.IdentityContext); err != nil {
		t.Errorf("an identity context: %v", err)
	}
	secrets := secretsmanager.NewFromConfig(second.config(person))
	if _, err := secrets.ListSecrets(t.Context(), nil); codeOf(err) != "AccessDeniedException" || !strings.Contains(err.Error(), "session policy") {
		t.Errorf("the session policy: %v", err)
	}
}

// Objects outlast a lab with versions, delete markers, tags, metadata and parts.
func TestObjectsOutlastTheLab(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first := inDir(t, dir)
	fillBucket(t, first)
	want := bucketContent(t, first)
	first.end()
	second := inDir(t, dir)
	if got := bucketContent(t, second); got != want {
		t.Errorf("%s\nwas\n%s", got, want)
	}
	// The seed of a bucket is not put back once it was deleted.
	if _, err := second.s3().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("tip-demo-data"), Key: aws.String("reports/summary.txt")}); err != nil {
		t.Fatal(err)
	}
	second.end()
	third := inDir(t, dir)
	if _, err := third.s3().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("tip-demo-data"), Key: aws.String("reports/summary.txt")}); codeOf(err) != "NotFound" {
		t.Errorf("a deleted object: %v", err)
	}
}

func fillBucket(t *testing.T, l *keptLab) {
	t.Helper()
	c, ctx, bucket := l.s3(), t.Context(), aws.String("kept-bucket")
	_, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}})
	put := func(key string, body []byte, edit func(*s3.PutObjectInput)) {
		in := &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(body)}
		edit(in)
		_, failed := c.PutObject(ctx, in)
		err = errors.Join(err, failed)
	}
	put("before", []byte("unversioned"), func(*s3.PutObjectInput) {})
	_, failed := c.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: "Enabled"}})
	err = errors.Join(err, failed)
	put("before", []byte("versioned\n  indented {{endpoint}} {{open}}\n"), func(in *s3.PutObjectInput) {
		in.ContentType, in.Tagging, in.Metadata, in.ChecksumAlgorithm = aws.String("text/plain"), aws.String("a=b&c=d"), map[string]string{"k": "v"}, "SHA256"
	})
	put("binary", []byte{0, 0xff, '\n', 0x80}, func(*s3.PutObjectInput) {})
	put("empty", nil, func(*s3.PutObjectInput) {})
	put("address", []byte(strings.TrimPrefix(l.Endpoint(), "http://")), func(*s3.PutObjectInput) {})
	_, failed = c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("empty")})
	err = errors.Join(err, failed, inParts(ctx, c, *bucket))
	_, failed = c.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: "Suspended"}})
	if err = errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
}

func inParts(ctx context.Context, c *s3.Client, bucket string) error {
	up, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: aws.String("parts"), ChecksumAlgorithm: "CRC32"})
	if err != nil {
		return err
	}
	done := &s3types.CompletedMultipartUpload{}
	for n, body := range map[int32]string{1: strings.Repeat("a", 5<<20), 2: "tail"} {
		part, err := c.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &bucket, Key: aws.String("parts"), UploadId: up.UploadId, PartNumber: &n, Body: strings.NewReader(body), ChecksumAlgorithm: "CRC32",
		})
		if err != nil {
			return err
		}
		done.Parts = append(done.Parts, s3types.CompletedPart{PartNumber: &n, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32})
	}
	if *done.Parts[0].PartNumber == 2 {
		done.Parts[0], done.Parts[1] = done.Parts[1], done.Parts[0]
	}
	_, err = c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: &bucket, Key: aws.String("parts"), UploadId: up.UploadId, MultipartUpload: done})
	return err
}

// bucketContent is everything that can be read of the bucket of fillBucket.
func bucketContent(t *testing.T, l *keptLab) string {
	t.Helper()
	c, ctx, bucket := l.s3(), t.Context(), aws.String("kept-bucket")
	versions, err := c.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucket})
	if err != nil {
		t.Fatal(err)
	}
	all := []any{versions.DeleteMarkers}
	for _, v := range versions.Versions {
		o, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: v.Key, VersionId: v.VersionId, ChecksumMode: "ENABLED"})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(o.Body)
		if err != nil {
			t.Fatal(err)
		}
		tags, err := c.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: bucket, Key: v.Key, VersionId: v.VersionId})
		if err != nil {
			t.Fatal(err)
		}
		parts, err := c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{
			Bucket: bucket, Key: v.Key, VersionId: v.VersionId, ObjectAttributes: []s3types.ObjectAttributes{"ObjectParts", "Checksum", "ETag"},
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v, len(body), string(body[:min(len(body), 100)]), o.ContentType, o.Metadata, o.ChecksumSHA256, o.ChecksumCRC64NVME, o.ChecksumCRC32, tags.TagSet, parts.ObjectParts)
	}
	versioning, err := c.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: bucket})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(append(all, versioning.Status), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// health is what the lab says of its data directory.
func (l *keptLab) health() (status, failed string, saved bool) {
	l.t.Helper()
	resp, err := l.client.Get(l.Endpoint() + "/_lab/health")
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var h struct {
		Status  string
		DataDir struct {
			Saved bool
			Error string
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&h); err != nil {
		l.t.Fatal(err)
	}
	return h.Status, h.DataDir.Error, h.DataDir.Saved
}

// A directory that cannot be written does not stop the lab, which says so, and
// catches up when it can be written again.
func TestDataDirectoryThatCannotBeWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	told := make(chan error, 10)
	l := inDir(t, dir, func(o *lab.Options) { o.OnDataDir = func(err error) { told <- err } })
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	secrets := secretsmanager.NewFromConfig(l.config(labtest.Admin()))
	create := func(name string) {
		t.Helper()
		if _, err := secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String("x")}); err != nil {
			t.Fatal(err)
		}
	}
	create("while-away")
	if err := <-told; err == nil {
		t.Error("told of no failure")
	}
	if status, failed, _ := l.health(); status != "degraded" || failed == "" {
		t.Errorf("status %s, error %q", status, failed)
	}
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	if err := <-told; err != nil {
		t.Errorf("told of another failure: %v", err)
	}
	if status, _, _ := l.health(); status != "ok" {
		t.Errorf("status %s", status)
	}
	l.end()
	again := inDir(t, dir)
	secrets = secretsmanager.NewFromConfig(again.config(labtest.Admin()))
	if _, err := secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("while-away")}); err != nil {
		t.Errorf("what was made meanwhile: %v", err)
	}
}

// Without further requests everything is on disk within a second.
func TestDataDirectorySettles(t *testing.T) {
	l := inDir(t, filepath.Join(t.TempDir(), "data"))
	if _, err := l.webIdentity(l.token()); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second) // for a slow machine
	for {
		if _, failed, saved := l.health(); saved && failed == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it is not saved")
		}
		<-time.After(20 * time.Millisecond)
	}
}
