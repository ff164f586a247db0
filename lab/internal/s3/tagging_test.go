package s3_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

func TestObjectTagging(t *testing.T) {
	f := start(t)
	client := f.client()
	key := aws.String("seed.txt")
	tags := []types.Tag{{Key: aws.String("a"), Value: aws.String("2 + ü:@/=")}, {Key: aws.String("b"), Value: aws.String("")}}
	_, err := client.PutObjectTagging(t.Context(), &awss3.PutObjectTaggingInput{Bucket: aws.String(bucketName), Key: key, Tagging: &types.Tagging{TagSet: tags}})
	f.must(err)
	out, err := client.GetObjectTagging(t.Context(), &awss3.GetObjectTaggingInput{Bucket: aws.String(bucketName), Key: key})
	f.must(err)
	if len(out.TagSet) != 2 || *out.TagSet[0].Value != "2 + ü:@/=" || *out.TagSet[1].Key != "b" {
		t.Errorf("got %v", out.TagSet)
	}
	_, err = client.DeleteObjectTagging(t.Context(), &awss3.DeleteObjectTaggingInput{Bucket: aws.String(bucketName), Key: key})
	f.must(err)
	out, err = client.GetObjectTagging(t.Context(), &awss3.GetObjectTaggingInput{Bucket: aws.String(bucketName), Key: key})
	f.must(err)
	if len(out.TagSet) != 0 {
		t.Errorf("after delete %v", out.TagSet)
	}
}

func TestTaggingOfVersions(t *testing.T) {
	f := start(t)
	ids := f.versions("k", "one", "two")
	f.do(request{method: "PUT", target: "/versioned/k?tagging&versionId=" + ids[0], body: "<Tagging><TagSet><Tag><Key>of</Key><Value>one</Value></Tag></TagSet></Tagging>"})
	if a := f.do(request{method: "GET", target: "/versioned/k?tagging&versionId=" + ids[0]}); !strings.Contains(a.body, "<Value>one</Value>") || a.header.Get("x-amz-version-id") != ids[0] {
		t.Errorf("%s %v", a.body, a.header)
	}
	if a := f.do(request{method: "GET", target: "/versioned/k?tagging"}); strings.Contains(a.body, "<Tag>") {
		t.Errorf("the newest version has tags: %s", a.body)
	}
}

// tagging is a Tagging document of keys and values.
func tagging(pairs ...string) string {
	var out strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&out, "<Tag><Key>%s</Key><Value>%s</Value></Tag>", pairs[i], pairs[i+1])
	}
	return "<Tagging><TagSet>" + out.String() + "</TagSet></Tagging>"
}

func numbered(n int) []string {
	var pairs []string
	for i := range n {
		pairs = append(pairs, fmt.Sprint("k", i), "v")
	}
	return pairs
}

func TestPutObjectTaggingRefusals(t *testing.T) {
	f := start(t)
	const face = "\U0001F600" // two units of UTF-16, and no letter
	const letter = "\U00010400"
	for _, test := range []struct {
		name, body, element string
		status              int
		code                string
	}{
		{"eleven tags", tagging(numbered(11)...), "<Message>Object tags cannot be greater than 10</Message>", 400, "BadRequest"},
		{"eleven times one key", tagging(strings.Split(strings.Repeat("k v ", 11), " ")[:22]...), "", 400, "InvalidTag"},
		{"key twice", tagging("k", "v", "a", "b", "k", "w"), "<Message>Cannot provide multiple Tags with the same key</Message><TagKey>k</TagKey>", 400, "InvalidTag"},
		{"reserved prefix", tagging("aws:k", "v"), "<Message>Your TagKey cannot be prefixed with aws:</Message><TagKey>aws:k</TagKey>", 400, "InvalidTag"},
		{"empty key", tagging("", "v"), "The TagKey", 400, "InvalidTag"},
		{"long key", tagging(strings.Repeat("k", 129), "v"), "The TagKey", 400, "InvalidTag"},
		{"long key in UTF-16", tagging(strings.Repeat(letter, 65), "v"), "The TagKey", 400, "InvalidTag"},
		{"long value", tagging("k", strings.Repeat("v", 257)), "The TagValue", 400, "InvalidTag"},
		{"character in key", tagging("k?", "v"), "The TagKey", 400, "InvalidTag"},
		{"character in value", tagging("k", "&lt;"+face), "<TagKey>k</TagKey><TagValue>&lt;", 400, "InvalidTag"},
		{"no value", "<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>", "", 400, "MalformedXML"},
		{"no key", "<Tagging><TagSet><Tag><Value>v</Value></Tag></TagSet></Tagging>", "", 400, "MalformedXML"},
		{"no set", "<Tagging/>", "", 400, "MalformedXML"},
		{"another document", "<TagSet/>", "", 400, "MalformedXML"},
		{"cut off", "<Tagging>", "", 400, "MalformedXML"},
		{"no body", "", "", 400, "MissingRequestBodyError"},
		{"large", tagging("k", "v") + strings.Repeat(" ", 64<<10), "<MaxSizeAllowed>65536</MaxSizeAllowed>", 400, "EntityTooLarge"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{T: t, server: f.server}
			a := f.refuses(request{method: "PUT", target: "/reports/seed.txt?tagging", body: test.body}, test.status, test.code)
			if !strings.Contains(a.body, test.element) {
				t.Errorf("no %s in %s", test.element, a.body)
			}
		})
	}
	if a := f.do(request{method: "GET", target: "/reports/seed.txt?tagging"}); !strings.Contains(a.body, "<TagSet></TagSet>") {
		t.Errorf("a refused set was stored: %s", a.body)
	}
}

func TestLargestTagSet(t *testing.T) {
	f := start(t)
	pairs := numbered(8)
	pairs = append(pairs, strings.Repeat("&#x10400;", 64), strings.Repeat("&#x10400;", 128), strings.Repeat("k", 128), strings.Repeat("v", 256))
	if a := f.do(request{method: "PUT", target: "/reports/seed.txt?tagging", body: tagging(pairs...)}); a.status != 200 || a.body != "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.do(request{method: "GET", target: "/reports/seed.txt?tagging"}); strings.Count(a.body, "<Tag>") != 10 {
		t.Error(a.body)
	}
	if a := f.do(request{method: "PUT", target: "/reports/seed.txt?tagging", body: tagging()}); a.status != 200 {
		t.Errorf("an empty set: %d %s", a.status, a.body)
	}
}

func TestTaggingOfMissingObjects(t *testing.T) {
	f := start(t)
	ids := f.versions("k", "one")
	marker := f.do(request{method: "DELETE", target: "/versioned/k"}).header.Get("x-amz-version-id")
	for method, body := range map[string]string{"GET": "", "PUT": tagging("k", "v"), "DELETE": ""} {
		f.refuses(request{method: method, target: "/reports/none?tagging", body: body}, 404, "NoSuchKey")
		f.refuses(request{method: method, target: "/versioned/k?tagging&versionId=" + strings.Repeat("A", 32), body: body}, 404, "NoSuchVersion")
		f.refuses(request{method: method, target: "/versioned/k?tagging&versionId=short", body: body}, 400, "InvalidArgument")
		for _, target := range []string{"/versioned/k?tagging", "/versioned/k?tagging&versionId=" + marker} {
			a := f.refuses(request{method: method, target: target, body: body}, 405, "MethodNotAllowed")
			got := []string{a.header.Get("x-amz-delete-marker"), a.header.Get("x-amz-version-id"), a.header.Get("Allow")}
			if diff := cmp.Diff([]string{"true", marker, "DELETE"}, got); diff != "" {
				t.Errorf("%s %s: %s", method, target, diff)
			}
		}
	}
	for _, r := range []request{{method: "PUT", body: tagging("k", "v")}, {method: "DELETE"}} {
		r.target = "/versioned/k?tagging&versionId=" + ids[0]
		want := map[string]int{"PUT": 200, "DELETE": 204}[r.method]
		if a := f.do(r); a.status != want || a.header.Get("x-amz-version-id") != ids[0] {
			t.Errorf("%s: %d %v", r.method, a.status, a.header)
		}
	}
}

// TestTagsOfTheBodyAreConditionKeys: those of the body, whatever a header says.
func TestTagsOfTheBodyAreConditionKeys(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want map[string][]string
	}{
		"two":       {tagging("b", "2", "a", "1"), map[string][]string{"/a": {"1"}, "/b": {"2"}, "Keys": {"a", "b"}}},
		"none":      {tagging(), map[string][]string{}},
		"malformed": {"<Tagging>", map[string][]string{}},
		"invalid":   {tagging("aws:a", "1"), map[string][]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			late := &lateAuthorizer{Authorizer: yes{}}
			f := start(t, s3.WithAuthorizer(late))
			f.do(request{method: "PUT", target: "/reports/seed.txt?tagging", body: test.body, header: map[string]string{"x-amz-tagging": "header=only"}})
			got := map[string][]string{}
			for key, values := range late.seen[0].Context {
				if of, ok := strings.CutPrefix(key, "s3:RequestObjectTag"); ok {
					got[of] = values
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// openOnly allows what gives an object the tag class=open.
type openOnly struct{}

func (openOnly) Allow(r *authz.Request) error {
	if slices.Equal(r.Context["s3:RequestObjectTag/class"], []string{"open"}) {
		return nil
	}
	return errors.New("class is not open")
}

// TestTagConditionDecides: a condition on tags sees those of the body only.
func TestTagConditionDecides(t *testing.T) {
	f := start(t, s3.WithAuthorizer(openOnly{}))
	put := func(pairs ...string) request {
		return request{method: "PUT", target: "/reports/seed.txt?tagging", body: tagging(pairs...)}
	}
	if a := f.do(put("class", "open")); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	f.refuses(put("class", "secret"), 403, "AccessDenied")
	f.refuses(put(), 403, "AccessDenied")
	hidden := put("class", "secret")
	hidden.header = map[string]string{"x-amz-tagging": "class=open"}
	f.refuses(hidden, 403, "AccessDenied")
}
