package s3_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/s3"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Objects of a world file that cannot be.
func TestRefusedObjectsOfFiles(t *testing.T) {
	for name, c := range map[string]struct {
		object world.ObjectFile
		want   string
	}{
		"two bodies":                  {world.ObjectFile{Body: "x", Base64: "eA=="}, "the same thing twice"},
		"damaged body":                {world.ObjectFile{Base64: "?"}, "damaged"},
		"version without versioning":  {world.ObjectFile{VersionID: "v1"}, "for a bucket with versioning"},
		"delete marker without it":    {world.ObjectFile{DeleteMarker: true}, "for a bucket with versioning"},
		"damaged header":              {world.ObjectFile{Headers: map[string]string{"x-amz-meta-k": "=?bytes?B?=?="}}, "header"},
		"header cut off":              {world.ObjectFile{Headers: map[string]string{"x-amz-meta-k": "=?bytes?B?eA=="}}, "header"},
		"damaged content type":        {world.ObjectFile{ContentType: "=?bytes?B?"}, "header"},
		"the null version is allowed": {world.ObjectFile{VersionID: "null"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.object.Key = "k"
			w, err := world.New(&world.File{
				Version: 1, Region: "eu-west-1", Accounts: []world.AccountFile{{ID: "111122223333"}},
				Buckets: []world.BucketFile{{Name: "bucket", Account: "111122223333", Objects: []world.ObjectFile{c.object}}},
			}, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s3.New(w)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}
