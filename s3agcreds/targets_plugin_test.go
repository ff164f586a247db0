package s3agcreds_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

type callS3 func(context.Context, *s3.Client) error

func getObject(bucket, key string) callS3 {
	return func(ctx context.Context, c *s3.Client) error {
		_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		return err
	}
}

func putObject(bucket, key string) callS3 {
	return func(ctx context.Context, c *s3.Client) error {
		_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key})
		return err
	}
}

func listObjects(bucket, prefix, delimiter string) callS3 {
	return func(ctx context.Context, c *s3.Client) error {
		_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix, Delimiter: &delimiter})
		return err
	}
}

func deleteObjects(bucket string, keys ...string) callS3 {
	return func(ctx context.Context, c *s3.Client) error {
		in := &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &s3types.Delete{Objects: []s3types.ObjectIdentifier{}}}
		for _, key := range keys {
			in.Delete.Objects = append(in.Delete.Objects, s3types.ObjectIdentifier{Key: aws.String(key)})
		}
		_, err := c.DeleteObjects(ctx, in)
		return err
	}
}

func copyObject(bucket, source, key string) callS3 {
	return func(ctx context.Context, c *s3.Client) error {
		_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &bucket, CopySource: &source, Key: &key})
		return err
	}
}

func copyPart(bucket, source, key string) callS3 {
	return func(ctx context.Context, c *s3.Client) error {
		_, err := c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
			Bucket: &bucket, CopySource: &source, Key: &key, UploadId: aws.String("u"), PartNumber: aws.Int32(1),
		})
		return err
	}
}

// What GetDataAccess is asked for a call of the S3 client.
func TestTargets(t *testing.T) {
	const vended, base = "ASIAVENDED1", baseKey
	tests := []struct {
		name     string
		call     callS3
		want     []string
		key      string
		original string // what the original does, or a peer
	}{
		{"case 43: an object", getObject("b", "k"), []string{"READ s3://b/k"}, vended, ""},
		{"case 44: a list with a prefix", listObjects("b", "p", ""), []string{"READ s3://b/p"}, vended, ""},
		{"case 44: a list with a prefix and a delimiter", listObjects("b", "p/", "/"), []string{"READ s3://b/p/"}, vended, ""},
		{"case 45: a list without a prefix", listObjects("b", "", ""), []string{"READ s3://b/*"}, vended, ""},
		{"case 45: a list without a prefix, with a delimiter", listObjects("b", "", "/"), []string{"READ s3://b/*"}, vended, ""},
		{"case 46: keys that begin alike", deleteObjects("b", "folder/path123/A", "folder/path234/A"), []string{"WRITE s3://b/folder/path"}, vended, ""},
		{"case 47: keys of one folder", deleteObjects("b", "ABC/A", "ABC/B"), []string{"WRITE s3://b/ABC/"}, vended, ""},
		{"case 48: keys without a common beginning", deleteObjects("b", "A/x", "B/x"), []string{"WRITE s3://b/*"}, vended, ""},
		{"case 48: no keys", deleteObjects("b"), []string{"WRITE s3://b/*"}, vended, ""},
		{"case 49: one key", deleteObjects("b", "a/k"), []string{"WRITE s3://b/a/k"}, vended, ""},
		{"case 49: the same key twice", deleteObjects("b", "a/k", "a/k"), []string{"WRITE s3://b/a/k"}, vended, ""},
		{"case 50: three keys, two of which have more in common", deleteObjects("b", "a/b/c1", "a/b/c2", "ab/d"),
			[]string{"WRITE s3://b/a"}, vended, "asks for a/b/: compares by segments, pair by pair"},
		{"case 51: a key that goes on where another has a slash", deleteObjects("b", "a/b/c", "a/bx"),
			[]string{"WRITE s3://b/a/b"}, vended, "asks for a/: whole segments only"},
		{"case 52: a common beginning without a slash", deleteObjects("b", "foo1", "foo2"),
			[]string{"WRITE s3://b/foo"}, vended, "asks for the bucket: whole segments only"},
		{"case 52: a key that begins another", deleteObjects("b", "foo", "foo1"), []string{"WRITE s3://b/foo"}, vended, ""},
		{"case 53: a copy", copyObject("b", "b/A/path34/log", "A/path12/log"), []string{"READWRITE s3://b/A/path"}, vended, ""},
		{"case 53: a copy of a part", copyPart("b", "b/A/path34/log", "A/path12/log"), []string{"READWRITE s3://b/A/path"}, vended, "does not know UploadPartCopy"},
		{"case 53: a copy onto itself", copyObject("b", "b/A/log", "A/log"), []string{"READWRITE s3://b/A/log"}, vended, ""},
		{"case 54: an encoded source with a version", copyObject("b", "/b/a%20b?versionId=1", "a b"),
			[]string{"READWRITE s3://b/a b"}, vended, "takes the source as it is written, version and all"},
		{"case 54: a plus is a space", copyObject("b", "b/a+b", "a b"), []string{"READWRITE s3://b/a b"}, vended, "takes the source as it is written"},
		{"case 54: an encoded plus is a plus", copyObject("b", "b/a%2Bb", "a+b"), []string{"READWRITE s3://b/a+b"}, vended, "takes the source as it is written"},
		{"case 54: an encoded question mark is of the key", copyObject("b", "b/a%3FversionId=1", "a?versionId=1"),
			[]string{"READWRITE s3://b/a?versionId=1"}, vended, "takes the source as it is written"},
		{"case 54: an encoded slash", copyObject("b", "%2Fb%2Fa%2Fk", "a/k"), []string{"READWRITE s3://b/a/k"}, vended, "takes the source as it is written"},
		{"case 55: a key with a space", getObject("b", "a b"), []string{"READ s3://b/a b"}, vended, "sends it encoded"},
		{"case 56: a bucket with an underscore", getObject("my_bucket", "k"), []string{"READ s3://my_bucket/k"}, vended, "its pattern knows no underscore"},

		{"a character is not cut in two", deleteObjects("b", "x/é", "x/è"), []string{"WRITE s3://b/x/"}, vended, ""},
		{"nor one that ends a key", deleteObjects("b", "x/é", "x/éa", "x/é\u0301"), []string{"WRITE s3://b/x/é"}, vended, ""},
		{"a prefix that ends in a star", listObjects("b", "p*", ""), []string{"READ s3://b/p**"}, vended, ""},
		{"a copy from another bucket", copyObject("b", "other/k", "k"), nil, base, ""},
		{"a copy from an access point", copyObject("b", "arn:aws:s3:eu-west-1:444455556666:accesspoint/ap/object/k", "k"), nil, base, ""},
		{"a copy from an encoded access point", copyObject("b", "arn%3Aaws%3As3%3Aeu-west-1%3A444455556666%3Aaccesspoint/ap/object/k", "k"), nil, base, ""},
		{"a copy from a directory bucket", copyObject("b", "b--euw1-az1--x-s3/k", "k"), nil, base, ""},
		{"a copy from a broken source", copyObject("b", "b/100%", "100%"), nil, base, ""},
		{"a copy from a source without a key", copyObject("b", "b", "k"), nil, base, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud("READWRITE s3://b/*", "READWRITE s3://my_bucket/*")
			if err := tt.call(t.Context(), c.client(t)); err != nil {
				t.Fatalf("%v (the original: %s)", err, tt.original)
			}
			if diff := cmp.Diff(tt.want, c.log()); diff != "" {
				t.Errorf("asked (-want +got):\n%s(the original: %s)", diff, tt.original)
			}
			if diff := cmp.Diff([]string{tt.key}, c.keys()); diff != "" {
				t.Errorf("signed by (-want +got):\n%s", diff)
			}
		})
	}
}

func minimal(o *s3agcreds.Options) { o.Privilege = types.PrivilegeMinimal }

// The options on the wire.
func TestWireForm(t *testing.T) {
	tests := []struct {
		name    string
		options func(*s3agcreds.Options)
		call    callS3
		want    []string
	}{
		{"Minimal, an object", minimal, getObject("b", "k"), []string{"READ s3://b/k Minimal Object"}},
		{"Minimal, a folder's object", minimal, getObject("b", "f/"), []string{"READ s3://b/f/ Minimal Object"}},
		{"Minimal, a prefix", minimal, listObjects("b", "p", ""), []string{"READ s3://b/p* Minimal"}},
		{"Minimal, a prefix that ends in a star", minimal, listObjects("b", "p*", ""), []string{"READ s3://b/p** Minimal"}},
		{"Minimal, a bucket", minimal, listObjects("b", "", ""), []string{"READ s3://b/* Minimal"}},
		{"Minimal, several keys", minimal, deleteObjects("b", "k1", "k2"), []string{"WRITE s3://b/k* Minimal"}},
		{"Minimal, a version copied onto its own key", minimal, copyObject("b", "/b/a%20b?versionId=1", "a b"), []string{"READWRITE s3://b/a b Minimal Object"}},
		{"target type, an object", func(o *s3agcreds.Options) { o.SendTargetType = true }, getObject("b", "k"), []string{"READ s3://b/k Object"}},
		{"target type, a key that ends in a star", func(o *s3agcreds.Options) { o.SendTargetType = true }, getObject("b", "k*"), []string{"READ s3://b/k*"}},
		{"target type, a prefix", func(o *s3agcreds.Options) { o.SendTargetType = true }, listObjects("b", "p", ""), []string{"READ s3://b/p"}},
		{"duration and audit context", func(o *s3agcreds.Options) { o.Duration, o.AuditContext = s3agcreds.MinDuration, "job 7" },
			getObject("b", "k"), []string{"READ s3://b/k 900 job 7"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud("READWRITE s3://b/*")
			if err := tt.call(t.Context(), c.client(t, tt.options)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.log()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What was vended for exactly one target serves that target only.
func TestMinimalServesItsTarget(t *testing.T) {
	c := newCloud("READ s3://b/*")
	client := c.client(t, minimal)
	for _, call := range []callS3{listObjects("b", "p", ""), getObject("b", "p1"), getObject("b", "p1"), listObjects("b", "p", "")} {
		if err := call(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"READ s3://b/p* Minimal", "READ s3://b/p1 Minimal Object"}, c.log()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A key that ends in a star never gets credentials for what begins with it.
func TestMinimalStarKey(t *testing.T) {
	c := newCloud("READWRITE s3://b/*")
	err := getObject("b", "k*")(t.Context(), c.client(t, minimal))
	if e := dataAccessError(t, err); e.Kind != s3agcreds.KindOther || e.Err != s3agcreds.ErrStarKey {
		t.Errorf("%s %v", e.Kind, e.Err)
	}
	if len(c.log()) != 0 || len(c.keys()) != 0 {
		t.Errorf("asked %v, sent %v", c.log(), c.keys())
	}
}

// A grant for an object of a prefix's very name does not serve the list.
func TestObjectOfThePrefixName(t *testing.T) {
	t.Run("a prefix grant beside it", func(t *testing.T) {
		c := newCloud("READ s3://b/p", "READ s3://b/*")
		client := c.client(t)
		if err := listObjects("b", "p", "")(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"READ s3://b/p", "READ s3://b/p*"}, c.log()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"ASIAVENDED2"}, c.keys()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("no other", func(t *testing.T) {
		c := newCloud("READ s3://b/p")
		err := listObjects("b", "p", "")(t.Context(), c.client(t))
		if e := dataAccessError(t, err); e.Kind != s3agcreds.KindNoGrant || e.Target != "s3://b/p*" {
			t.Errorf("%s %s", e.Kind, e.Target)
		}
	})
	t.Run("a service that insists", func(t *testing.T) {
		c := newCloud("READ s3://b/p", "READ s3://b/p*")
		c.control = alwaysMatching("s3://b/p")
		client := c.client(t)
		for range 3 {
			err := listObjects("b", "p", "")(t.Context(), client)
			if e := dataAccessError(t, err); e.Err != s3agcreds.ErrObjectOnly || len(c.keys()) != 0 {
				t.Errorf("%v, sent %v", e.Err, c.keys())
			}
		}
		if diff := cmp.Diff([]string{"READ s3://b/p", "READ s3://b/p*"}, c.log()); diff != "" {
			t.Errorf("a denial as others, but it is asked again (-want +got):\n%s", diff)
		}
	})
	t.Run("a service that insists, Minimal", func(t *testing.T) {
		c := newCloud()
		c.control = alwaysMatching("s3://b/p")
		if e := dataAccessError(t, listObjects("b", "p", "")(t.Context(), c.client(t, minimal))); e.Err != s3agcreds.ErrObjectOnly {
			t.Error(e.Err)
		}
		if diff := cmp.Diff([]string{"READ s3://b/p* Minimal"}, c.log()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
