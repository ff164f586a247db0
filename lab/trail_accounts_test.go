package lab_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// Nobody chooses in whose trail an event lies.
func TestTheTrailsAccountCannotBeChosen(t *testing.T) {
	b := start(t, strict)
	last := func() lab.Event { events := b.lab.Events(); return events[len(events)-1] }
	send := func(role string) {
		t.Helper()
		form := url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {role}, "RoleSessionName": {"session"}, "WebIdentityToken": {b.jwt("analyst")}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://sts.eu-west-1.amazonaws.com/", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("x-amz-account-id", center)
		resp, err := b.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	send(oidcRole)
	if got := last(); got.RecipientAccountID != appl || got.ErrorCode != "" {
		t.Errorf("the event is in the trail of %q: %+v", got.RecipientAccountID, got)
	}
	send("arn:aws:iam::somebody-elses:role/any")
	if got := last().RecipientAccountID; got != "" {
		t.Errorf("the event is in the trail of %q", got)
	}
}

// Requests about buckets are management events, those about objects are data events.
func TestBucketsAreManaged(t *testing.T) {
	b := start(t, strict)
	client := b.s3(labtest.Admin())
	name := aws.String("tip-demo-data")
	_, _ = client.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	_, _ = client.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: name})
	_, _ = client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: name})
	_, _ = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: name})
	_ = get(t.Context(), client, "reports/summary.txt")
	var got []string
	for _, e := range b.lab.Events() {
		got = append(got, fmt.Sprint(e.EventName, " ", e.EventCategory, " ", e.ManagementEvent))
	}
	want := []string{"ListBuckets Management true", "GetBucketPolicy Management true", "HeadBucket Data false", "ListObjectsV2 Data false", "GetObject Data false"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The trail names people: no page of another origin may read it.
func TestTheTrailIsNotForOtherOrigins(t *testing.T) {
	b := start(t, strict)
	for _, method := range []string{"GET", "OPTIONS"} {
		resp, _ := raw(t, b.lab, fmt.Sprintf("%s /_lab/events HTTP/1.1\r\nHost: %s\r\nOrigin: https://page.example\r\nAccess-Control-Request-Method: GET\r\nConnection: close\r\n\r\n", method, address(b.lab)))
		for name := range resp.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s answers %s", method, name)
			}
		}
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" && method == "GET" {
			t.Error("a script element could read it")
		}
	}
}
