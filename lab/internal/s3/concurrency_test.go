package s3_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

// TestConcurrentUse lets many clients do everything to the same keys.
func TestConcurrentUse(t *testing.T) {
	f := start(t, s3.WithObserver(func(context.Context, *s3.Exchange) {}))
	client := f.client()
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 12 {
				key := aws.String(fmt.Sprintf("k%d", i%3))
				bucket := aws.String([]string{bucketName, "versioned"}[i%2])
				_, err := client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader(strings.Repeat(string(rune('a'+worker)), 5000))})
				if err != nil {
					t.Error(err)
				}
				f.read1(client, bucket, key)
				for _, r := range []request{
					{method: "GET", target: "/" + *bucket + "?list-type=2&delimiter=/"},
					{method: "GET", target: "/versioned?versions&max-keys=2"},
					{method: "PUT", target: "/" + *bucket + "/" + *key + "?tagging", body: "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"},
					{method: "PUT", target: "/" + *bucket + "/copy", header: map[string]string{"x-amz-copy-source": *bucket + "/" + *key}},
					{method: "DELETE", target: "/" + *bucket + "/" + *key},
					{method: "PUT", target: "/fresh", region: "us-east-1"},
					{method: "DELETE", target: "/fresh", region: "us-east-1"},
					{method: "PUT", target: "/reports?policy", body: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::reports/*"}}`},
					{method: "DELETE", target: "/reports?policy"},
				} {
					if a := f.do(r); a.status >= 500 {
						t.Errorf("%s %s: %d %s", r.method, r.target, a.status, a.body)
					}
				}
			}
		})
	}
	wg.Wait()
}

// read1 reads an object that may have been deleted; what comes must be whole.
func (f *fixture) read1(client *awss3.Client, bucket, key *string) {
	out, err := client.GetObject(f.Context(), &awss3.GetObjectInput{Bucket: bucket, Key: key})
	if err != nil {
		f.fails(err, 404, "NoSuchKey")
		return
	}
	body := f.read(out.Body)
	if len(body) != 5000 || strings.Trim(body, body[:1]) != "" {
		f.Errorf("a mixed body of %d bytes", len(body))
	}
}

// meanwhile is a body during whose reading something happens.
type meanwhile struct {
	*strings.Reader
	once   sync.Once
	happen func()
}

func (m *meanwhile) Read(p []byte) (int, error) {
	m.once.Do(m.happen)
	return m.Reader.Read(p)
}

// TestConditionCountsAtTheWrite: the key appears while the body is under way.
func TestConditionCountsAtTheWrite(t *testing.T) {
	f := start(t)
	body := &meanwhile{Reader: strings.NewReader("late"), happen: func() { f.put(bucketName, "once", "first") }}
	r := httptest.NewRequest("PUT", "/reports/once", body)
	r.Host, r.ContentLength = "127.0.0.1", 4
	r.Header.Set("If-None-Match", "*")
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	f.sign(r, request{})
	w := httptest.NewRecorder()
	f.service.ServeHTTP(w, r)
	if w.Code != 412 || f.get(bucketName, "once") != "first" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestBucketGoneMeanwhile: the bucket goes while the body is under way.
func TestBucketGoneMeanwhile(t *testing.T) {
	f := start(t)
	body := &meanwhile{Reader: strings.NewReader("late"), happen: func() { f.do(request{method: "DELETE", target: "/foreign"}) }}
	r := httptest.NewRequest("PUT", "/foreign/k", body)
	r.Host, r.ContentLength = "127.0.0.1", 4
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	f.sign(r, request{})
	w := httptest.NewRecorder()
	before := f.service.Store().Used()
	f.service.ServeHTTP(w, r)
	if w.Code != 404 || f.last().Code != "NoSuchBucket" || f.service.Store().Used() != before {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestConditionalWritesRace: of many writers of a new key, one wins.
func TestConditionalWritesRace(t *testing.T) {
	f := start(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := map[int]int{}
	for range 16 {
		wg.Go(func() {
			a := f.do(request{method: "PUT", target: "/reports/once", body: "x", header: map[string]string{"If-None-Match": "*"}})
			mu.Lock()
			defer mu.Unlock()
			won[a.status]++
		})
	}
	wg.Wait()
	if won[200] != 1 || won[412] != 15 {
		t.Errorf("statuses %v", won)
	}
}
