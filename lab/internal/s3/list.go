package s3

import (
	"encoding/base64"
	"encoding/xml"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

// maxKeys of a page of a list.
const maxKeys = 1000

type commonPrefix struct{ Prefix string }

type objectEntry struct {
	Key               string
	LastModified      string
	ETag              string
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
	Size              int64
	Owner             *owner
	StorageClass      string
}

// listResult is the answer of both versions of ListObjects; what only one of
// them has is a pointer.
type listResult struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Xmlns                 string   `xml:"xmlns,attr"`
	Name                  string
	Prefix                string
	StartAfter            string  `xml:",omitempty"`
	Marker                *string // version 1
	NextMarker            string  `xml:",omitempty"`
	ContinuationToken     string  `xml:",omitempty"`
	NextContinuationToken string  `xml:",omitempty"`
	KeyCount              *int    // version 2
	MaxKeys               int
	Delimiter             string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	IsTruncated           bool
	Contents              []objectEntry
	CommonPrefixes        []commonPrefix
}

// listing is a list request: what is asked, and how strings are answered.
type listing struct {
	store.Query
	encodingType string
	encode       func(string) string
}

func (c *call) listing() (*listing, error) {
	q := c.query
	l := &listing{encodingType: q.Get("encoding-type"), encode: func(s string) string { return s }}
	switch l.encodingType {
	case "":
	case "url":
		l.encode = encodeKey
	default:
		return nil, invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", l.encodingType)
	}
	limit, err := c.number("max-keys", maxKeys)
	if err != nil {
		return nil, err
	}
	l.Query = store.Query{Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter"), Max: min(limit, maxKeys)}
	return l, nil
}

// listObjects serves ListObjects.
func (c *call) listObjects() error {
	if v := c.query.Get("list-type"); c.query.Has("list-type") && v != "1" {
		return invalidArgument("Invalid List Type specified in Request", "list-type", v)
	}
	l, err := c.listing()
	if err != nil {
		return err
	}
	l.After = c.query.Get("marker")
	page, err := c.s.store.List(c.bucketName, l.Query)
	if err != nil {
		return err
	}
	marker := l.encode(l.After)
	out := c.listResult(l, page, true)
	out.Marker = &marker
	if page.Truncated && l.Delimiter != "" {
		out.NextMarker = l.encode(page.Next)
	}
	return c.reply(out)
}

// listObjectsV2 serves ListObjectsV2. A continuation token wins over start-after.
func (c *call) listObjectsV2() error {
	l, err := c.listing()
	if err != nil {
		return err
	}
	token := c.query.Get("continuation-token")
	l.After = c.query.Get("start-after")
	if c.query.Has("continuation-token") {
		if l.After, err = openToken(token); err != nil {
			return err
		}
	}
	page, err := c.s.store.List(c.bucketName, l.Query)
	if err != nil {
		return err
	}
	out := c.listResult(l, page, c.query.Get("fetch-owner") == "true")
	count := len(page.Objects) + len(page.CommonPrefixes)
	out.KeyCount, out.StartAfter, out.ContinuationToken = &count, l.encode(c.query.Get("start-after")), token
	if page.Truncated {
		out.NextContinuationToken = sealToken(page.Next)
	}
	return c.reply(out)
}

func (c *call) listResult(l *listing, page *store.Page, withOwner bool) *listResult {
	out := &listResult{
		Xmlns: namespace, Name: c.bucketName, Prefix: l.encode(l.Prefix), Delimiter: l.encode(l.Delimiter),
		MaxKeys: l.Max, EncodingType: l.encodingType, IsTruncated: page.Truncated,
		CommonPrefixes: l.prefixes(page.CommonPrefixes),
	}
	for _, o := range page.Objects {
		entry := objectEntry{
			Key: l.encode(o.Key), LastModified: timestamp(o.LastModified), ETag: quoted(o.ETag), Size: o.Size(),
			StorageClass: classOf(o.Attributes), ChecksumAlgorithm: o.Checksum.Algorithm, ChecksumType: o.Checksum.Type,
		}
		if withOwner {
			who := ownerOf(c.bucket.Account)
			entry.Owner = &who
		}
		out.Contents = append(out.Contents, entry)
	}
	c.w.Header().Set("x-amz-bucket-region", c.bucket.Region)
	return out
}

func (l *listing) prefixes(groups []string) []commonPrefix {
	var out []commonPrefix
	for _, g := range groups {
		out = append(out, commonPrefix{l.encode(g)})
	}
	return out
}

// tokenPrefix marks the continuation tokens of the lab.
const tokenPrefix = "1:"

func sealToken(next string) string {
	return base64.URLEncoding.EncodeToString([]byte(tokenPrefix + next))
}

func openToken(token string) (string, error) {
	plain, err := base64.URLEncoding.DecodeString(token)
	if err != nil || len(plain) <= len(tokenPrefix) || string(plain[:len(tokenPrefix)]) != tokenPrefix {
		return "", invalidArgument("The continuation token provided is incorrect", "continuation-token", token)
	}
	return string(plain[len(tokenPrefix):]), nil
}

type versionsResult struct {
	XMLName             xml.Name `xml:"ListVersionsResult"`
	Xmlns               string   `xml:"xmlns,attr"`
	Name                string
	Prefix              string
	KeyMarker           string
	VersionIDMarker     string `xml:"VersionIdMarker"`
	NextKeyMarker       string `xml:",omitempty"`
	NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
	MaxKeys             int
	Delimiter           string `xml:",omitempty"`
	EncodingType        string `xml:",omitempty"`
	IsTruncated         bool
	Versions            []versionEntry
	CommonPrefixes      []commonPrefix
}

// versionEntry is a Version or, without the middle elements, a DeleteMarker.
type versionEntry struct {
	XMLName           xml.Name
	Key               string
	VersionID         string `xml:"VersionId"`
	IsLatest          bool
	LastModified      string
	ETag              string `xml:",omitempty"`
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
	Size              *int64
	StorageClass      string `xml:",omitempty"`
	Owner             owner
}

// listObjectVersions serves ListObjectVersions.
func (c *call) listObjectVersions() error {
	l, err := c.listing()
	if err != nil {
		return err
	}
	q := store.VersionQuery{Query: l.Query, AfterVersion: c.query.Get("version-id-marker")}
	q.After = c.query.Get("key-marker")
	switch {
	case c.query.Has("version-id-marker") && q.AfterVersion == "":
		return invalidArgument("A version-id marker cannot be empty.", "version-id-marker", "")
	case q.AfterVersion != "" && q.After == "":
		return invalidArgument("A version-id marker cannot be specified without a key marker.", "version-id-marker", q.AfterVersion)
	}
	page, err := c.s.store.ListVersions(c.bucketName, q)
	if err != nil {
		return err
	}
	out := versionsResult{
		Xmlns: namespace, Name: c.bucketName, Prefix: l.encode(l.Prefix), KeyMarker: l.encode(q.After),
		VersionIDMarker: q.AfterVersion, NextKeyMarker: l.encode(page.NextKey), NextVersionIDMarker: page.NextVersion,
		MaxKeys: l.Max, Delimiter: l.encode(l.Delimiter), EncodingType: l.encodingType,
		IsTruncated: page.Truncated, CommonPrefixes: l.prefixes(page.CommonPrefixes),
	}
	for _, v := range page.Versions {
		out.Versions = append(out.Versions, c.versionEntry(l, v))
	}
	return c.reply(out)
}

func (c *call) versionEntry(l *listing, v store.Version) versionEntry {
	entry := versionEntry{
		XMLName: xml.Name{Local: "DeleteMarker"}, Key: l.encode(v.Key), VersionID: v.VersionID, IsLatest: v.Latest,
		LastModified: timestamp(v.LastModified), Owner: ownerOf(c.bucket.Account),
	}
	if !v.DeleteMarker {
		size := v.Size()
		entry.XMLName.Local = "Version"
		entry.ETag, entry.Size, entry.StorageClass = quoted(v.ETag), &size, classOf(v.Attributes)
		entry.ChecksumAlgorithm, entry.ChecksumType = v.Checksum.Algorithm, v.Checksum.Type
	}
	return entry
}

type uploadsResult struct {
	XMLName            xml.Name `xml:"ListMultipartUploadsResult"`
	Xmlns              string   `xml:"xmlns,attr"`
	Bucket             string
	KeyMarker          string
	UploadIDMarker     string `xml:"UploadIdMarker"`
	NextKeyMarker      string `xml:",omitempty"`
	NextUploadIDMarker string `xml:"NextUploadIdMarker,omitempty"`
	Prefix             string `xml:",omitempty"`
	Delimiter          string `xml:",omitempty"`
	EncodingType       string `xml:",omitempty"`
	MaxUploads         int
	IsTruncated        bool
	Uploads            []uploadEntry `xml:"Upload"`
	CommonPrefixes     []commonPrefix
}

type uploadEntry struct {
	Key               string
	UploadID          string `xml:"UploadId"`
	Initiator, Owner  owner
	StorageClass      string
	Initiated         string
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
}

// listMultipartUploads serves ListMultipartUploads.
func (c *call) listMultipartUploads() error {
	l, err := c.listing()
	if err != nil {
		return err
	}
	limit, err := c.number("max-uploads", 1000)
	if err != nil {
		return err
	}
	q := store.UploadQuery{
		Prefix: l.Prefix, Delimiter: l.Delimiter, Max: min(limit, 1000),
		AfterKey: c.query.Get("key-marker"), AfterID: c.query.Get("upload-id-marker"),
	}
	page, err := c.s.store.Uploads(c.bucketName, q)
	if err != nil {
		return err
	}
	out := uploadsResult{
		Xmlns: namespace, Bucket: c.bucketName, KeyMarker: l.encode(q.AfterKey), UploadIDMarker: q.AfterID,
		NextKeyMarker: l.encode(page.NextKey), NextUploadIDMarker: page.NextID, Prefix: l.encode(q.Prefix),
		Delimiter: l.encode(q.Delimiter), EncodingType: l.encodingType, MaxUploads: q.Max, IsTruncated: page.Truncated,
		CommonPrefixes: l.prefixes(page.CommonPrefixes),
	}
	for _, u := range page.Uploads {
		out.Uploads = append(out.Uploads, uploadEntry{
			Key: l.encode(u.Key), UploadID: u.ID, Initiator: initiatorOf(u), Owner: ownerOf(c.bucket.Account),
			StorageClass: classOf(u.Attributes), Initiated: timestamp(u.Initiated),
			ChecksumAlgorithm: u.ChecksumAlgorithm, ChecksumType: u.ChecksumType,
		})
	}
	return c.reply(out)
}
