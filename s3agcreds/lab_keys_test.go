package s3agcreds_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// oddKeys are keys as people, and programs, choose them. In a target an asterisk at the
// end, and nothing else, has a meaning.
var oddKeys = []string{
	"a b", "a+b", "100%", "%41", "a%2Fb", "who?", "[ab]", "{a,b}", "$HOME ${*}", "star*in", "café/日本語", "🎉", "e\u0301",
	"//double", "/leading", "a//b", "a/./b", "a/../b", "..", ".", "trailing/", "s3://tip-demo-data/x", `quote"and'`, "a&b=c;d#e", "~", `back\slash`,
}

// starKeys end in an asterisk.
var starKeys = []string{"star*", "*", "a/**"}

func minimally(o *s3agcreds.Options) { o.Privilege = types.PrivilegeMinimal }

// Each key goes there and back, under the grant of a whole bucket and with exactly its own.
func TestLabOddKeys(t *testing.T) {
	s := newScene(t)
	analyst := s.person("analyst")
	for name, c := range map[string]struct {
		optFns []func(*s3agcreds.Options)
		keys   []string
		// each is what is asked for a key: to write it, to read it, to list it.
		each func(key string) []asked
	}{
		"Default": {nil, append(append([]string{}, oddKeys...), starKeys...), nil},
		"a line break first": {nil, []string{"a\nb", "c\nd"}, func(key string) []asked {
			if key[0] != 'a' {
				return nil
			}
			return []asked{{"s3://" + team + "/a", "READ", ""}, {"s3://" + team + "/a", "WRITE", ""}}
		}},
		"Minimal": {[]func(*s3agcreds.Options){minimally}, oddKeys, func(key string) []asked {
			target := "s3://" + team + "/" + key
			return []asked{{target, "READ", ""}, {target, "WRITE", ""}, {target + "*", "READ", ""}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.on(t)
			client, _ := s.through(analyst, c.optFns...)
			since := s.mark()
			var want []asked
			for _, key := range c.keys {
				s.thereAndBack(client, key)
				if c.each != nil {
					want = append(want, c.each(key)...)
				}
			}
			if c.each == nil {
				first := "s3://" + team + "/" + c.keys[0]
				want = []asked{{first, "READ", ""}, {first, "WRITE", ""}}
			}
			s.wantAsked(since, want...)
		})
	}
}

func (s *scene) thereAndBack(client *s3.Client, key string) {
	s.Helper()
	bucket, ctx := aws.String(team), s.Context()
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader(key)}); err != nil {
		s.Errorf("put %q: %v", key, err)
		return
	}
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key})
	if err != nil {
		s.Errorf("get %q: %v", key, err)
		return
	}
	defer func() { _ = out.Body.Close() }()
	if body, err := io.ReadAll(out.Body); err != nil || string(body) != key {
		s.Errorf("get %q: %q, %v", key, body, err)
	}
	list, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: &key})
	if err != nil || len(list.Contents) == 0 || *list.Contents[0].Key != key {
		s.Errorf("list %q: %+v, %v", key, list, err)
	}
	if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: &key}); err != nil {
		s.Errorf("delete %q: %v", key, err)
	}
}

// What a target cannot say is refused before anybody is asked.
func TestLabImpossibleKeys(t *testing.T) {
	s := newScene(t)
	analyst := s.person("analyst")
	for name, c := range map[string]struct {
		key    string
		optFns []func(*s3agcreds.Options)
		want   error
	}{
		"a star at the end with Minimal": {"star*", []func(*s3agcreds.Options){minimally}, s3agcreds.ErrStarKey},
		"a line break with Minimal":      {"a\nb", []func(*s3agcreds.Options){minimally}, s3agcreds.ErrTarget},
		"no UTF-8":                       {"a\xffb", nil, s3agcreds.ErrTarget},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.on(t)
			client, _ := s.through(analyst, c.optFns...)
			since := s.mark()
			_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(team), Key: &c.key})
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			s.wantAsked(since)
		})
	}
}

// A copy of each odd key is a copy of that very object. The source is encoded as in a
// query, where a plus is a space.
func TestLabCopyOddKeys(t *testing.T) {
	s := newScene(t)
	analyst := s.person("analyst")
	client, _ := s.through(analyst)
	all := append(append([]string{}, oddKeys...), starKeys...)
	for _, key := range all {
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(team), Key: &key, Body: strings.NewReader(key)}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("under the grant of a bucket", func(t *testing.T) {
		for _, key := range all {
			s.on(t).copied(client, key)
		}
	})
	t.Run("each onto itself, with Minimal", func(t *testing.T) {
		s := s.on(t)
		client, _ := s.through(analyst, minimally)
		for _, key := range oddKeys {
			since := s.mark()
			if err := copyInTeam(t.Context(), client, key, key); err != nil {
				t.Errorf("copy %q: %v", key, err)
			}
			s.wantAsked(since, asked{"s3://" + team + "/" + key, "READWRITE", ""})
		}
	})
}

func copyInTeam(ctx context.Context, client *s3.Client, from, to string) error {
	return errOf(client.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: aws.String(team), Key: &to, CopySource: aws.String(team + "/" + url.QueryEscape(from)), MetadataDirective: s3types.MetadataDirectiveReplace,
	}))
}

// copied wants a copy to have what the object has, which is its key.
func (s *scene) copied(client *s3.Client, key string) {
	s.Helper()
	const to = "copies/of it"
	if err := copyInTeam(s.Context(), client, key, to); err != nil {
		s.Errorf("copy %q: %v", key, err)
		return
	}
	out, err := client.GetObject(s.Context(), &s3.GetObjectInput{Bucket: aws.String(team), Key: aws.String(to)})
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = out.Body.Close() }()
	if body, err := io.ReadAll(out.Body); err != nil || string(body) != key {
		s.Errorf("the copy of %q is one of %q, %v", key, body, err)
	}
}

// Links that are signed with granted credentials serve a program that has none.
func TestLabPresigned(t *testing.T) {
	s := newScene(t)
	analyst, engineer := s.person("analyst"), s.person("engineer")
	key, put := aws.String(work+"a b+c.txt"), strings.NewReader
	client, _ := s.through(analyst)
	signer := s3.NewPresignClient(client)
	since := s.mark()
	up, err := signer.PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: bucketOf, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	s.fetch(up, put("by a link"), http.StatusOK)
	down, err := signer.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: bucketOf, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.fetch(down, nil, http.StatusOK); got != "by a link" {
		t.Errorf("the link gives %q", got)
	}
	other := *down
	other.URL = strings.Replace(down.URL, "work/", "", 1)
	s.fetch(&other, nil, http.StatusForbidden)
	s.wantAsked(since, asked{"s3://" + demo + "/" + *key, "WRITE", ""}, asked{"s3://" + demo + "/" + *key, "READ", ""})
	if diff := cmp.Diff([]string{"PutObject", "GetObject"}, s.data(since, analystID)[:2]); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}

	client, _ = s.through(engineer)
	_, err = s3.NewPresignClient(client).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: bucketOf, Key: key})
	if e, ok := errors.AsType[*s3agcreds.DataAccessError](err); !ok || e.Kind != s3agcreds.KindNoGrant {
		t.Errorf("without a grant: %v", err)
	}
}

// fetch sends a presigned request with an HTTP client alone.
func (s *scene) fetch(signed *v4.PresignedHTTPRequest, body io.Reader, status int) string {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), signed.Method, signed.URL, body)
	if err != nil {
		s.Fatal(err)
	}
	r.Header = signed.SignedHeader.Clone()
	r.Header.Del("Content-Length")
	answer, err := s.cfg.HTTPClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		s.Errorf("%s: %s, want %d, %v\n%.300s", signed.Method, answer.Status, status, err, text)
	}
	return string(text)
}
