package main

import (
	"errors"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// place is an object, or what the keys of objects begin with.
type place struct{ bucket, key string }

var (
	errPlace    = errors.New("not a place in S3")
	errFileName = errors.New("not a name for a file")
)

// bucketName is the form of the names of buckets (S3 user guide, "Bucket naming rules").
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// maxKey is the length of a key in bytes.
const maxKey = 1024

// parsePlace reads s3://bucket/key. S3 takes nearly any text as a key; this
// application does not go to those that something on the way may read otherwise.
func parsePlace(text string) (place, error) {
	rest, isS3 := strings.CutPrefix(text, "s3://")
	bucket, key, _ := strings.Cut(rest, "/")
	if !isS3 || !bucketName.MatchString(bucket) || len(key) > maxKey || !utf8.ValidString(key) {
		return place{}, errPlace
	}
	if strings.ContainsFunc(key, unicode.IsControl) || strings.HasSuffix(key, "*") { // a star asks for a prefix
		return place{}, errPlace
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "." || part == ".." {
			return place{}, errPlace
		}
	}
	return place{bucket, key}, nil
}

// String is the place as parsePlace reads it, and as S3 Access Grants has it.
func (p place) String() string { return "s3://" + p.bucket + "/" + p.key }

// folder reports whether p is no object but a bucket or a folder in it.
func (p place) folder() bool { return p.key == "" || strings.HasSuffix(p.key, "/") }

// name is the last part of the key.
func (p place) name() string { return path.Base(p.key) }

// file is a file of that name in the folder p.
func (p place) file(name string) (place, error) {
	if name == "" || strings.ContainsAny(name, `/\`) {
		return place{}, errFileName
	}
	f, err := parsePlace(p.String() + name)
	if err != nil || !p.folder() {
		return place{}, errFileName
	}
	return f, nil
}

// crumbs are the folders from the bucket down to p, p itself included.
func (p place) crumbs() []place {
	all := []place{{bucket: p.bucket}}
	for i, c := range p.key {
		if c == '/' {
			all = append(all, place{p.bucket, p.key[:i+1]})
		}
	}
	if !p.folder() {
		all = append(all, p)
	}
	return all
}
