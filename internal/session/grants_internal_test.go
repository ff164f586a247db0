package session

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/store"
)

func TestServes(t *testing.T) {
	entry := func(edits ...func(*store.S3Entry)) *store.S3Entry {
		e := &store.S3Entry{
			Target: "s3://bucket/prefix/*", Permission: "READWRITE", TargetType: "Prefix", Privilege: "Default",
			Expiration: time.Now().Add(time.Hour), RequestedTarget: "s3://bucket/prefix/a/",
		}
		for _, edit := range edits {
			edit(e)
		}
		return e
	}
	left := func(d, of time.Duration) func(*store.S3Entry) {
		return func(e *store.S3Entry) { e.Expiration, e.Duration = time.Now().Add(d), of }
	}
	minimal := func(e *store.S3Entry) { e.Privilege = "Minimal" }
	request := func(target string, p types.Permission, privilege types.Privilege) *GrantRequest {
		return &GrantRequest{Target: target, Permission: p, Privilege: privilege}
	}
	const d, m = types.PrivilegeDefault, types.PrivilegeMinimal
	lasting := func(d time.Duration) *GrantRequest {
		return &GrantRequest{Target: "s3://bucket/prefix/", Permission: "READ", Privilege: types.PrivilegeDefault, Duration: d}
	}
	for name, test := range map[string]struct {
		entry   *store.S3Entry
		request *GrantRequest
		want    bool
	}{
		"the same":                    {entry(), request("s3://bucket/prefix/a/", "READWRITE", d), true},
		"below the grant":             {entry(), request("s3://bucket/prefix/b/c", "READ", d), true},
		"beside the grant":            {entry(), request("s3://bucket/other/", "READ", d), false},
		"the folder without slash":    {entry(), request("s3://bucket/prefix", "READ", d), false},
		"another bucket":              {entry(), request("s3://bucket2/prefix/", "READ", d), false},
		"more than was granted":       {entry(func(e *store.S3Entry) { e.Permission = "READ" }), request("s3://bucket/prefix/", "WRITE", d), false},
		"an hour's, 16 minutes left":  {entry(left(16*time.Minute, time.Hour)), request("s3://bucket/prefix/", "READ", d), true},
		"an hour's, 14 minutes left":  {entry(left(14*time.Minute, time.Hour)), request("s3://bucket/prefix/", "READ", d), false},
		"of no known life, as such":   {entry(left(14*time.Minute, 0)), request("s3://bucket/prefix/", "READ", d), false},
		"15 minutes', 6 minutes left": {entry(left(6*time.Minute, 15*time.Minute)), request("s3://bucket/prefix/", "READ", d), true},
		"15 minutes', 4 minutes left": {entry(left(4*time.Minute, 15*time.Minute)), request("s3://bucket/prefix/", "READ", d), false},
		"the clock was set back":      {entry(left(30*time.Hour, time.Hour)), request("s3://bucket/prefix/", "READ", d), false},
		"the clock, a little":         {entry(left(64*time.Minute, time.Hour)), request("s3://bucket/prefix/", "READ", d), true},
		"of no known life, set back":  {entry(left(66*time.Minute, 0)), request("s3://bucket/prefix/", "READ", d), false},
		"shorter than asked for":      {entry(left(14*time.Minute, 15*time.Minute)), lasting(12 * time.Hour), false},
		"an hour's, for two":          {entry(), lasting(2 * time.Hour), false},
		"an hour's, for one":          {entry(), lasting(time.Hour), true},
		"longer than asked for":       {entry(left(11*time.Hour, 12*time.Hour)), lasting(15 * time.Minute), true},
		"as long, an hour left":       {entry(left(time.Hour, 12*time.Hour)), lasting(12 * time.Hour), true},
		"expired":                     {entry(left(-time.Minute, time.Hour)), request("s3://bucket/prefix/", "READ", d), false},
		"Minimal from Default":        {entry(), request("s3://bucket/prefix/a/", "READWRITE", m), false},
		"Default from Minimal":        {entry(minimal), request("s3://bucket/prefix/a/", "READWRITE", d), false},
		"Minimal, the very same":      {entry(minimal), request("s3://bucket/prefix/a/", "READWRITE", m), true},
		"Minimal, below":              {entry(minimal), request("s3://bucket/prefix/a/b", "READWRITE", m), false},
		"Minimal, less":               {entry(minimal), request("s3://bucket/prefix/a/", "READ", m), false},
		"Minimal, as an object": {
			entry(minimal),
			&GrantRequest{Target: "s3://bucket/prefix/a/", Permission: "READWRITE", Privilege: m, TargetType: types.S3PrefixTypeObject}, false,
		},
	} {
		if got := serves(test.entry, test.request); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestOnLoopback(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"http://127.0.0.1:8480": true, "http://localhost:1": true, "http://[::1]:1": true, "http://127.9.9.9": true,
		"https://all.test": false, "http://10.0.0.1": false, "https://127.0.0.1.test": false, "://": false, "": false,
	} {
		if got := onLoopback(endpoint); got != want {
			t.Errorf("%q: %v", endpoint, got)
		}
	}
}
