package s3agcreds

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// specialSuffixes end the names of what is no general purpose bucket, or only an alias of
// one. A grant is for the bucket itself. The list is that of the S3 bucket naming rules.
var specialSuffixes = []string{
	"--x-s3",     // directory buckets (S3 Express One Zone)
	"--xa-s3",    // access points of directory buckets
	"-s3alias",   // access point aliases, those of FSx included
	"--ol-s3",    // Object Lambda access point aliases
	"--op-s3",    // aliases of access points on Outposts
	".mrap",      // multi-region access points
	"--table-s3", // S3 Tables
}

// general reports whether a bucket is one that grants can be for. ARNs are not: they name
// access points.
func general(bucket string) bool {
	if bucket == "" || strings.ContainsAny(bucket, ":/") {
		return false
	}
	return !slices.ContainsFunc(specialSuffixes, func(suffix string) bool { return strings.HasSuffix(bucket, suffix) })
}

// common returns what the keys begin with in common, byte by byte, and whether they
// are all the same. A character is never cut in two.
func common(keys []string) (string, bool) {
	if len(keys) == 0 {
		return "", false
	}
	first, n, same := keys[0], len(keys[0]), true
	for _, key := range keys[1:] {
		same = same && key == first
		n = shared(first[:n], key)
	}
	return first[:n], same && first != ""
}

// shared is how many bytes a and b begin with in common.
func shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && (inside(a, n) || inside(b, n)) {
		n--
	}
	return n
}

// inside reports whether byte n is a later byte of a character.
func inside(s string, n int) bool { return n < len(s) && !utf8.RuneStart(s[n]) }

// parseCopySource reads the x-amz-copy-source of a bucket: [/]bucket/key[?versionId=id],
// encoded as in a query; S3 takes a plus for a space (aws-sdk-js issue 1821). It is not ok
// for access points, and for what S3 will refuse.
func parseCopySource(source string) (bucket, key string, ok bool) {
	path, _, _ := strings.Cut(source, "?")
	path, err := url.QueryUnescape(path)
	if err != nil {
		return "", "", false
	}
	bucket, key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return bucket, key, general(bucket) && key != ""
}
