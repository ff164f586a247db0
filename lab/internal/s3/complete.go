package s3

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

type completeRequest struct {
	XMLName xml.Name       `xml:"CompleteMultipartUpload"`
	Parts   []completePart `xml:"Part"`
}

type completePart struct {
	PartNumber int
	ETag       string
	checksumElements
}

type completeResult struct {
	XMLName      xml.Name `xml:"CompleteMultipartUploadResult"`
	Xmlns        string   `xml:"xmlns,attr"`
	Location     string
	Bucket, Key  string
	ETag         string
	ChecksumType string `xml:",omitempty"`
	checksumElements
}

// completeMultipartUpload serves CompleteMultipartUpload. To complete an upload
// again succeeds, for a while.
func (c *call) completeMultipartUpload() error {
	check, err := c.writeCheck()
	if err != nil {
		return err
	}
	id := c.query.Get("uploadId")
	if o, ok := c.s.store.Completed(c.bucketName, c.key, id); ok {
		return c.completed(o)
	}
	u, uploaded, err := c.s.store.Upload(c.bucketName, c.key, id)
	if err != nil {
		return err
	}
	var in completeRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	parts, err := choose(in.Parts, uploaded, u)
	if err != nil {
		return err
	}
	o, err := c.assemble(u, parts)
	if err != nil {
		return err
	}
	if err := c.s.store.CompleteUpload(c.bucketName, id, o, parts, check); err != nil {
		return err
	}
	return c.completed(o)
}

func (c *call) completed(o *store.Object) error {
	c.setWritten(o)
	c.w.Header().Del("ETag") // it is in the body
	scheme := "http"
	if c.r.TLS != nil {
		scheme = "https"
	}
	return c.reply(completeResult{
		Xmlns: namespace, Location: scheme + "://" + c.r.Host + c.r.URL.EscapedPath(), Bucket: c.bucketName, Key: c.key,
		ETag: quoted(o.ETag), ChecksumType: o.Checksum.Type, checksumElements: elementsOf(o.Checksum),
	})
}

// choose finds the parts that the request names and checks all that it says of them.
func choose(named []completePart, uploaded []*store.Part, u *store.Upload) ([]*store.Part, error) {
	if len(named) == 0 {
		return nil, refusal("MalformedXML")
	}
	byNumber := make(map[int]*store.Part, len(uploaded))
	for _, p := range uploaded {
		byNumber[p.Number] = p
	}
	for i := 1; i < len(named); i++ {
		if named[i].PartNumber <= named[i-1].PartNumber {
			return nil, refusal("InvalidPartOrder", "UploadId", u.ID)
		}
	}
	chosen := make([]*store.Part, 0, len(named))
	for i, n := range named {
		p := byNumber[n.PartNumber]
		if p == nil || strings.Trim(n.ETag, `"`) != p.ETag {
			return nil, invalidPart(u, n)
		}
		if err := checkPart(n, p, u); err != nil {
			return nil, err
		}
		if i < len(named)-1 && p.Body.Size() < minPartSize {
			return nil, refusal("EntityTooSmall", "ETag", p.ETag, "MinSizeAllowed", itoa(minPartSize),
				"ProposedSize", itoa(p.Body.Size()), "PartNumber", strconv.Itoa(p.Number))
		}
		chosen = append(chosen, p)
	}
	return chosen, nil
}

func invalidPart(u *store.Upload, n completePart) *Error {
	return refusal("InvalidPart", "UploadId", u.ID, "PartNumber", strconv.Itoa(n.PartNumber), "ETag", strings.Trim(n.ETag, `"`))
}

// checkPart compares the checksums that the request gives for a part. A composite
// checksum needs that of every part.
func checkPart(n completePart, p *store.Part, u *store.Upload) error {
	for _, algorithm := range algorithms {
		given := *n.field(algorithm)
		switch {
		case given != "" && (algorithm != p.Checksum.Algorithm || given != p.Checksum.Value):
			return invalidPart(u, n)
		case given == "" && algorithm == u.ChecksumAlgorithm && u.ChecksumType == composite:
			return invalidRequest(fmt.Sprintf("The upload was created using a %s checksum. The complete request must include the checksum for each part. It was missing for part %d in the request.",
				strings.ToLower(algorithm), n.PartNumber))
		}
	}
	return nil
}

// assemble makes the object of an upload.
func (c *call) assemble(u *store.Upload, parts []*store.Part) (*store.Object, error) {
	o := &store.Object{Key: u.Key, Attributes: u.Clone()}
	digests := md5.New()
	blobs := make([]*store.Blob, 0, len(parts))
	for _, p := range parts {
		digest, err := hex.DecodeString(p.ETag)
		if err != nil {
			return nil, err
		}
		digests.Write(digest)
		blobs = append(blobs, p.Body)
		part := store.ObjectPart{Number: p.Number, Size: p.Body.Size()}
		if u.ChecksumType == composite {
			part.Checksum = p.Checksum
			part.Checksum.Type = composite
		}
		o.Parts = append(o.Parts, part)
	}
	o.Body = store.Join(blobs...)
	o.ETag = hex.EncodeToString(digests.Sum(nil)) + "-" + strconv.Itoa(len(parts))
	var err error
	if o.Checksum, err = objectChecksum(u, parts, o.Body); err != nil {
		return nil, err
	}
	return o, c.checkObject(o)
}

// objectChecksum is the checksum of the whole, or that of the checksums of the parts.
func objectChecksum(u *store.Upload, parts []*store.Part, body *store.Blob) (store.Checksum, error) {
	algorithm := u.ChecksumAlgorithm
	if algorithm == "" {
		algorithm = defaultAlgorithm
	}
	if u.ChecksumType != composite {
		sums, err := sumsOf(body, algorithm)
		return sums.checksum(), err
	}
	h := newHash(algorithm)
	for _, p := range parts {
		value, err := base64.StdEncoding.DecodeString(p.Checksum.Value)
		if err != nil {
			return store.Checksum{}, err
		}
		h.Write(value)
	}
	value := base64.StdEncoding.EncodeToString(h.Sum(nil)) + "-" + strconv.Itoa(len(parts))
	return store.Checksum{Algorithm: algorithm, Type: composite, Value: value}, nil
}

// checkObject compares what the request says of the whole object.
func (c *call) checkObject(o *store.Object) error {
	h := c.r.Header
	if v := h.Get("x-amz-mp-object-size"); v != "" && v != itoa(o.Size()) {
		return invalidRequest("The provided 'x-amz-mp-object-size' header does not match what was computed.")
	}
	if v := h.Get("x-amz-checksum-type"); v != "" && v != o.Checksum.Type {
		return invalidRequest("The upload was created using the " + o.Checksum.Type + " checksum mode. The complete request must use the same checksum mode.")
	}
	for _, algorithm := range algorithms {
		given := h.Get(checksumHeader(algorithm))
		if given == "" {
			continue
		}
		value, _, _ := strings.Cut(o.Checksum.Value, "-")
		if algorithm != o.Checksum.Algorithm || given != o.Checksum.Value && given != value {
			return refusal("BadDigest").saying("The " + strings.ToLower(algorithm) + " you specified did not match the calculated checksum.")
		}
	}
	return nil
}
