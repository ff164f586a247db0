package s3agcreds_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// withoutNetwork answers GetDataAccess with a grant for the bucket, or for the folder of
// the target, and everything else as S3 does for a small object.
type withoutNetwork struct{ folders bool }

// Do implements aws.HTTPClient.
func (n withoutNetwork) Do(r *http.Request) (*http.Response, error) {
	body, header := "hello", http.Header{"Etag": {`"5d41402abc4b2a76b9719d911017c592"`}}
	if strings.HasSuffix(r.URL.Path, "/dataaccess") {
		body, header = n.vend(r.URL.Query().Get("target")), http.Header{"Content-Type": {"application/xml"}}
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

func (n withoutNetwork) vend(target string) string {
	matched := "s3://team-data/*"
	if n.folders {
		matched = target[:strings.LastIndexByte(target, '/')+1] + "*"
	}
	return fmt.Sprintf(`<GetDataAccessResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>`+
		`<SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials><MatchedGrantTarget>%s</MatchedGrantTarget></GetDataAccessResult>`,
		grantKey, grantSecret, grantToken, time.Now().Add(12*time.Hour).UTC().Format(time.RFC3339), matched)
}

// BenchmarkGetObject is a whole call without a network: what the plugin adds to it where
// the grant is at hand.
//
//	go test -run '^$' -bench BenchmarkGetObject -count 5 ./s3agcreds
func BenchmarkGetObject(b *testing.B) {
	b.Run("without", func(b *testing.B) { getting(b, s3.NewFromConfig(benchConfig(false)), 1) })
	b.Run("with/grants=1", func(b *testing.B) { getting(b, pluggedIn(b, false), 1) })
	b.Run("with/grants=10000", func(b *testing.B) { getting(b, pluggedIn(b, true), 10_000) })
}

// BenchmarkGetObjectAdded calls one client and the other in turn and reports the difference
// of the medians: what other programs do at the time falls upon both.
//
//	go test -run '^$' -bench BenchmarkGetObjectAdded -benchtime 20000x ./s3agcreds
func BenchmarkGetObjectAdded(b *testing.B) {
	without, with := s3.NewFromConfig(benchConfig(false)), pluggedIn(b, false)
	in := benchInput(1)
	drain(b, with, in)
	var plain, plugged []time.Duration
	for b.Loop() {
		began := time.Now()
		drain(b, without, in)
		between := time.Now()
		drain(b, with, in)
		plain, plugged = append(plain, between.Sub(began)), append(plugged, time.Since(between))
	}
	b.ReportMetric(float64(median(plain)), "ns-without/op")
	b.ReportMetric(float64(median(plugged)), "ns-with/op")
	b.ReportMetric(float64(median(plugged)-median(plain)), "ns-added/op")
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// BenchmarkPresign is the shortest call there is.
func BenchmarkPresign(b *testing.B) {
	b.Run("without", func(b *testing.B) { presigning(b, s3.NewFromConfig(benchConfig(false))) })
	b.Run("with", func(b *testing.B) { presigning(b, pluggedIn(b, false)) })
}

func benchConfig(folders bool) aws.Config {
	return aws.Config{
		Region: "eu-west-1", HTTPClient: withoutNetwork{folders: folders},
		// Static credentials sign the calls without the plugin, so with the same length of token.
		Credentials: credentials.NewStaticCredentialsProvider("ASIAENHANCED00000001", grantSecret, grantToken),
	}
}

func pluggedIn(b *testing.B, folders bool) *s3.Client {
	cfg := benchConfig(folders)
	plugin, err := s3agcreds.New(cfg, func(o *s3agcreds.Options) { o.AccountID = owner })
	if err != nil {
		b.Fatal(err)
	}
	return s3.NewFromConfig(cfg, plugin.Install)
}

func benchInput(i int) *s3.GetObjectInput {
	return &s3.GetObjectInput{Bucket: aws.String("team-data"), Key: aws.String(fmt.Sprintf("teams/team-%05d/2026/reports/report-0001.parquet", i))}
}

func getting(b *testing.B, client *s3.Client, keys int) {
	inputs := make([]*s3.GetObjectInput, keys)
	for i := range inputs {
		inputs[i] = benchInput(i)
		drain(b, client, inputs[i])
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		drain(b, client, inputs[i%keys])
		i++
	}
}

func drain(b *testing.B, client *s3.Client, in *s3.GetObjectInput) {
	out, err := client.GetObject(b.Context(), in)
	if err != nil {
		b.Fatal(err)
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(out.Body); err != nil || out.Body.Close() != nil {
		b.Fatal(err)
	}
}

func presigning(b *testing.B, client *s3.Client) {
	signer := s3.NewPresignClient(client)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := signer.PresignGetObject(b.Context(), benchInput(1)); err != nil {
			b.Fatal(err)
		}
	}
}
