package s3agcreds_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

const twentyMB = 20 << 20

// Twenty megabytes there and back in parallel parts: each way one GetDataAccess.
func TestLabTransfers(t *testing.T) {
	s := newScene(t)
	analyst, engineer := s.person("analyst"), s.person("engineer")
	content := make([]byte, twentyMB)
	_, _ = rand.Read(content)
	for name, c := range map[string]struct {
		up   func(*s3.Client, *string) error
		down func(*s3.Client, *string) ([]byte, error)
	}{
		"transfermanager": {
			func(client *s3.Client, key *string) error {
				return errOf(transfermanager.New(client).UploadObject(t.Context(), &transfermanager.UploadObjectInput{Bucket: bucketOf, Key: key, Body: bytes.NewReader(content)}))
			},
			func(client *s3.Client, key *string) ([]byte, error) {
				out, err := transfermanager.New(client).GetObject(t.Context(), &transfermanager.GetObjectInput{Bucket: bucketOf, Key: key})
				if err != nil {
					return nil, err
				}
				return io.ReadAll(out.Body)
			},
		},
		"manager": {
			func(client *s3.Client, key *string) error {
				return errOf(manager.NewUploader(client).Upload(t.Context(), &s3.PutObjectInput{Bucket: bucketOf, Key: key, Body: bytes.NewReader(content)})) //nolint:staticcheck // superseded, and in use
			},
			func(client *s3.Client, key *string) ([]byte, error) {
				b := manager.NewWriteAtBuffer(nil)
				_, err := manager.NewDownloader(client).Download(t.Context(), b, &s3.GetObjectInput{Bucket: bucketOf, Key: key}) //nolint:staticcheck // superseded, and in use
				return b.Bytes(), err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.on(t)
			client, _ := s.through(analyst)
			since := s.mark()
			key := work + name
			if err := c.up(client, &key); err != nil {
				t.Fatal(err)
			}
			got, err := c.down(client, &key)
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("%d bytes came back, %v", len(got), err)
			}
			s.wantAsked(since, asked{"s3://" + demo + "/" + key, "WRITE", ""}, asked{"s3://" + demo + "/" + key, "READ", ""})
			parts := map[string]int{}
			for _, event := range s.data(since, analystID) {
				parts[event]++
			}
			if parts["UploadPart"] < 3 || parts["GetObject"] < 3 {
				t.Errorf("not in parts: %v", parts)
			}

			other, _ := s.through(engineer)
			for _, err := range []error{c.up(other, &key), errOf(c.down(other, &key))} {
				if e, ok := errors.AsType[*s3agcreds.DataAccessError](err); !ok || e.Kind != s3agcreds.KindNoGrant {
					t.Errorf("without a grant: %v", err)
				}
			}
		})
	}
}

// Pages of a list, and parallel readers of what it names, are one grant.
func TestLabPages(t *testing.T) {
	const objects, readers = 2_000, 100
	s := newScene(t, func(w *lab.World) {
		for i := range objects {
			o := further(&w.Buckets[0].Objects)
			o.Key, o.Body = fmt.Sprintf("reports/many/%04d", i), "content"
		}
	})
	client, plugin := s.through(s.person("analyst"))
	since := s.mark()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: bucketOf, Prefix: aws.String("reports/many/")}, func(o *s3.ListObjectsV2PaginatorOptions) { o.Limit = 300 })
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range page.Contents {
			keys = append(keys, *page.Contents[i].Key)
		}
	}
	if len(keys) != objects {
		t.Fatalf("%d keys", len(keys))
	}
	var wg sync.WaitGroup
	for i := range readers {
		wg.Go(func() {
			if _, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucketOf, Key: &keys[i*objects/readers]}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s.wantAsked(since, asked{"s3://tip-demo-data/reports/many/", "READ", ""})
	if got := plugin.Stats(); got.Misses != 1 || got.Hits != 6+readers {
		t.Errorf("%+v", got)
	}
}

// Cold readers at once wait for the first of them.
func TestLabAtOnce(t *testing.T) {
	s := newScene(t)
	analyst := s.person("analyst")
	if _, err := analyst.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		keys     []string
		original string // what a peer does instead
	}{
		"case 27: siblings under one matched target":           {[]string{"reports/summary.txt", "reports/2026/revenue.csv"}, ""},
		"case 34: N concurrent misses, one GetDataAccess call": {[]string{"home/analyst/notes.txt"}, "asks for each"},
	} {
		t.Run(name, func(t *testing.T) {
			original(t, tt.original)
			s := s.on(t)
			client, _ := s.through(analyst)
			since := s.mark()
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					if err := readObject(t.Context(), client, demo, tt.keys[i%len(tt.keys)]); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if got := s.asked(since); len(got) != 1 {
				t.Errorf("GetDataAccess was called %d times: %v", len(got), got)
			}
		})
	}
}
