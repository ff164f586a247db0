package tipcreds_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// directoryBucket is one of S3 Express.
const directoryBucket = "data--euw1-az1--x-s3"

// objects answers S3: sessions of directory buckets, whose key tells who signed for it,
// and objects whose ETag is the key that signed.
func objects(t *testing.T) aws.Config {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		key, _, _ := strings.Cut(rest, "/")
		if r.URL.Query().Has("session") {
			fmt.Fprintf(w, `<CreateSessionResult><Credentials><SessionToken>t</SessionToken><SecretAccessKey>s</SecretAccessKey>`+
				`<AccessKeyId>EXPRESS-OF-%s</AccessKeyId><Expiration>%s</Expiration></Credentials></CreateSessionResult>`,
				key, time.Now().Add(5*time.Minute).UTC().Format(time.RFC3339))
			return
		}
		w.Header().Set("ETag", key)
	}))
	t.Cleanup(s.Close)
	return aws.Config{Region: "eu-west-1", HTTPClient: redirected{s}, Retryer: quickRetryer}
}

// redirected sends every request to one server, whatever its host.
type redirected struct{ server *httptest.Server }

func (d redirected) Do(r *http.Request) (*http.Response, error) {
	r.URL.Scheme, r.URL.Host = "http", d.server.Listener.Addr().String()
	return d.server.Client().Do(r)
}

func get(ctx context.Context, client *s3.Client, bucket string, optFns ...func(*s3.Options)) (key string, err error) {
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("k")}, optFns...)
	if err != nil {
		return "", err
	}
	_ = out.Body.Close()
	return aws.ToString(out.ETag), nil
}

// TestGuardForms: S3's presigned forms are looked at as presigned URLs are.
func TestGuardForms(t *testing.T) {
	p := crowdPool(t)
	cfg := p.Config(objects(t))
	first, second := userOf(p, 1), userOf(p, 2)
	stolen, err := second.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	form := func(signer aws.CredentialsProvider) (*s3.PresignedPostRequest, error) {
		in := &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: aws.String("k")}
		client := s3.NewPresignClient(s3.NewFromConfig(cfg, func(o *s3.Options) { o.Credentials = signer }))
		return client.PresignPostObject(tipcreds.WithUser(t.Context(), first), in)
	}
	if got, err := form(first); err != nil || !strings.HasPrefix(got.Values["X-Amz-Credential"], keyOf(t, first)+"/") {
		t.Errorf("own: %v", err)
	}
	got, err := form(credentials.StaticCredentialsProvider{Value: stolen})
	if wrong := wrongUser(t, err); got != nil || wrong.Signer != subjectOf(2) {
		t.Errorf("another's: %v", err)
	}
}

// TestGuardDirectoryBuckets: the sessions that the SDK gets for directory buckets are
// those of the user whose key asked for them.
func TestGuardDirectoryBuckets(t *testing.T) {
	p := crowdPool(t)
	cfg := p.Config(objects(t))
	first, second := userOf(p, 1), userOf(p, 2)
	ofFirst, ofSecond := tipcreds.WithUser(t.Context(), first), tipcreds.WithUser(t.Context(), second)

	// Per call, the SDK asks the client for credentials, which has none.
	if _, err := get(ofFirst, s3.NewFromConfig(cfg), directoryBucket, func(o *s3.Options) { o.Credentials = first }); err == nil || !strings.Contains(err.Error(), tipcreds.ErrNoUser.Error()) {
		t.Error(err) // whose chain the SDK cuts
	}
	plain := func(o *s3.Options) { o.Credentials, o.DisableS3ExpressSessionAuth = first, aws.Bool(true) }
	if key, err := get(ofFirst, s3.NewFromConfig(cfg), directoryBucket, plain); err != nil || key != keyOf(t, first) {
		t.Errorf("without sessions: %s: %v", key, err)
	}
	own := s3.NewFromConfig(cfg, func(o *s3.Options) { o.Credentials = first })
	if key, err := get(ofFirst, own, directoryBucket); err != nil || key != "EXPRESS-OF-"+keyOf(t, first) {
		t.Errorf("a client of the user's own: %s: %v", key, err)
	}

	wrong := cfg.Copy()
	wrong.Credentials = aws.NewCredentialsCache(fromContext())
	client := s3.NewFromConfig(wrong)
	if _, err := get(ofFirst, client, directoryBucket); err != nil {
		t.Error(err)
	}
	key, err := get(ofSecond, client, directoryBucket)
	if refused := wrongUser(t, err); key != "" || refused.Signer != subjectOf(1) || refused.Context != subjectOf(2) {
		t.Errorf("%s: %v", key, err)
	}
}
