package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

func grant(target string, permission types.Permission, life time.Duration) *s3agcreds.Grant {
	return &s3agcreds.Grant{MatchedGrantTarget: target, Permission: permission, ExpiresAt: time.Now().Add(life)}
}

func TestAccessCache(t *testing.T) {
	t.Parallel()
	var c accessCache
	read := grant("s3://b/a/*", types.PermissionRead, time.Hour)
	c.add(read)
	c.add(grant("s3://b/old/*", types.PermissionRead, renewal-time.Second))
	for _, tt := range []struct {
		target     string
		permission types.Permission
		want       bool
	}{
		{"s3://b/a/x", types.PermissionRead, true},
		{"s3://b/a/", types.PermissionRead, true},
		{"s3://b/a/x", types.PermissionWrite, false},
		{"s3://b/a", types.PermissionRead, false},
		{"s3://b/ab", types.PermissionRead, false},
		{"s3://c/a/x", types.PermissionRead, false},
		{"s3://b/old/x", types.PermissionRead, false},
	} {
		if got := c.find(tt.target, tt.permission) != nil; got != tt.want {
			t.Errorf("%s %s: %v", tt.permission, tt.target, got)
		}
	}
	again := grant("s3://b/a/*", types.PermissionRead, 2*time.Hour)
	c.add(again)
	if got := c.find("s3://b/a/x", types.PermissionRead); got != again || len(c.grants) != 2 {
		t.Errorf("%v of %d", got, len(c.grants))
	}
}

func TestAccessCacheIsBounded(t *testing.T) {
	t.Parallel()
	var c accessCache
	for i := range maxGrants {
		c.add(grant(fmt.Sprintf("s3://b/%d/*", i), types.PermissionRead, time.Hour))
	}
	c.find("s3://b/0/x", types.PermissionRead) // so that number 1 is the oldest
	c.add(grant("s3://b/new/*", types.PermissionRead, time.Hour))
	for target, want := range map[string]bool{"s3://b/0/x": true, "s3://b/1/x": false, "s3://b/2/x": true, "s3://b/new/x": true} {
		if got := c.find(target, types.PermissionRead) != nil; got != want {
			t.Errorf("%s: %v", target, got)
		}
	}
	if len(c.grants) != maxGrants {
		t.Errorf("%d grants", len(c.grants))
	}
}
