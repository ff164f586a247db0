package s3

import (
	"encoding/xml"
	"net/http"
	"slices"
)

type accessControlPolicy struct {
	XMLName xml.Name `xml:"AccessControlPolicy"`
	Xmlns   string   `xml:"xmlns,attr,omitempty"`
	Owner   owner
	Grants  []aclGrant `xml:"AccessControlList>Grant"`
}

type aclGrant struct {
	Grantee    grantee
	Permission string
}

type grantee struct {
	XSI  string `xml:"xmlns:xsi,attr,omitempty"`
	Type string `xml:"xsi:type,attr,omitempty"`
	owner
	URI string `xml:",omitempty"`
}

// ownersACL is the only ACL there is: the bucket owner's full control.
func (c *call) ownersACL() accessControlPolicy {
	who := ownerOf(c.bucket.Account)
	return accessControlPolicy{Xmlns: namespace, Owner: who, Grants: []aclGrant{{
		Grantee: grantee{XSI: "http://www.w3.org/2001/XMLSchema-instance", Type: "CanonicalUser", owner: who}, Permission: "FULL_CONTROL",
	}}}
}

// getACL serves GetObjectAcl and GetBucketAcl.
func (c *call) getACL() error {
	if c.key != "" {
		if _, err := c.object(); err != nil {
			return err
		}
	}
	return c.reply(c.ownersACL())
}

// putACL serves PutObjectAcl and PutBucketAcl: it accepts the ACL that there is.
func (c *call) putACL() error {
	if c.key != "" {
		if _, err := c.object(); err != nil {
			return err
		}
	}
	if err := checkACL(c.r.Header); err != nil {
		return err
	}
	if !setsACL(c.r.Header) {
		var in accessControlPolicy
		if err := c.decode(&in); err != nil {
			return err
		}
		if len(in.Grants) != 1 || in.Grants[0].Grantee.ID != ownerOf(c.bucket.Account).ID || in.Grants[0].Permission != "FULL_CONTROL" {
			return refusal("AccessControlListNotSupported")
		}
	}
	c.w.WriteHeader(http.StatusOK)
	return nil
}

// checkACL admits the canned ACLs that say no more than the bucket owner's full
// control (S3 user guide, "Controlling ownership of objects and disabling ACLs").
func checkACL(h http.Header) error {
	for _, name := range grantHeaders {
		if h.Get(name) != "" {
			return refusal("AccessControlListNotSupported")
		}
	}
	switch h.Get("x-amz-acl") {
	case "", "private", "bucket-owner-full-control":
		return nil
	}
	return refusal("AccessControlListNotSupported")
}

var grantHeaders = []string{"x-amz-grant-full-control", "x-amz-grant-read", "x-amz-grant-read-acp", "x-amz-grant-write", "x-amz-grant-write-acp"}

// setsACL reports whether the request carries any ACL.
func setsACL(h http.Header) bool {
	return slices.ContainsFunc(append([]string{"x-amz-acl"}, grantHeaders...), func(name string) bool { return h.Get(name) != "" })
}
