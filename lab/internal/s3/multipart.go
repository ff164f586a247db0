package s3

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

// Limits of multipart uploads (S3 user guide, "Amazon S3 multipart upload limits").
const (
	maxPartNumber = 10_000
	minPartSize   = 5 << 20 // bytes; the last part may be smaller
)

type initiateResult struct {
	XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
	Xmlns    string   `xml:"xmlns,attr"`
	Bucket   string
	Key      string
	UploadID string `xml:"UploadId"`
}

// createMultipartUpload serves CreateMultipartUpload.
func (c *call) createMultipartUpload() error {
	if err := c.allowExtras(); err != nil {
		return err
	}
	attributes, err := c.attributes()
	if err != nil {
		return err
	}
	u := &store.Upload{Key: c.key, Account: c.bucket.Account, Attributes: attributes}
	if c.session != nil {
		u.Account, u.Initiator = c.session.Account, c.session.ARN
	}
	if u.ChecksumAlgorithm, u.ChecksumType, err = c.uploadChecksum(); err != nil {
		return err
	}
	if err := c.s.store.CreateUpload(c.bucketName, u); err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("x-amz-server-side-encryption", "AES256")
	if u.ChecksumAlgorithm != "" {
		h.Set("x-amz-checksum-algorithm", u.ChecksumAlgorithm)
		h.Set("x-amz-checksum-type", u.ChecksumType)
	}
	return c.reply(initiateResult{Xmlns: namespace, Bucket: c.bucketName, Key: c.key, UploadID: u.ID})
}

// uploadChecksum reads the algorithm and the type of the checksum that the object
// will have (S3 user guide, "Checking object integrity", checksum types).
func (c *call) uploadChecksum() (algorithm, kind string, err error) {
	algorithm = strings.ToUpper(c.r.Header.Get("x-amz-checksum-algorithm"))
	kind = strings.ToUpper(c.r.Header.Get("x-amz-checksum-type"))
	if err := checkAlgorithm(algorithm); err != nil {
		return "", "", err
	}
	switch {
	case kind != "" && kind != fullObject && kind != composite:
		return "", "", invalidRequest("Value for x-amz-checksum-type header is invalid.")
	case algorithm == "" && kind != "":
		return "", "", invalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	case algorithm == "":
		return "", "", nil
	case kind == "" && algorithm == "CRC64NVME":
		return algorithm, fullObject, nil
	case kind == "":
		return algorithm, composite, nil
	case kind == composite && algorithm == "CRC64NVME", kind == fullObject && !isCRC(algorithm):
		return "", "", invalidRequest("The " + kind + " checksum type cannot be used with the " + strings.ToLower(algorithm) + " checksum algorithm.")
	}
	return algorithm, kind, nil
}

// checkAlgorithm refuses an x-amz-checksum-algorithm that the lab does not have.
func checkAlgorithm(algorithm string) error {
	if algorithm == "" || slices.Contains(algorithms, algorithm) {
		return nil
	}
	return invalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [" + strings.Join(algorithms, ", ") + "]")
}

// uploadPart serves UploadPart.
func (c *call) uploadPart() error {
	n, u, err := c.target()
	if err != nil {
		return err
	}
	algorithm, err := c.partAlgorithm(u)
	if err != nil {
		return err
	}
	body, sums, err := c.receive(algorithm)
	if err != nil {
		return err
	}
	p := &store.Part{Number: n, ETag: sums.etag(), Body: body, Checksum: sums.checksum()}
	if err := c.s.store.PutPart(c.bucketName, c.key, u.ID, p); err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("ETag", quoted(p.ETag))
	h.Set("x-amz-server-side-encryption", "AES256")
	h.Set(checksumHeader(algorithm), p.Checksum.Value)
	c.w.WriteHeader(http.StatusOK)
	return nil
}

// target is the part number and the upload of a request.
func (c *call) target() (int, *store.Upload, error) {
	n, err := partNumber(c.query.Get("partNumber"))
	if err != nil {
		return 0, nil, err
	}
	if err := checkEncryption(c.r.Header); err != nil {
		return 0, nil, err
	}
	u, _, err := c.s.store.Upload(c.bucketName, c.key, c.query.Get("uploadId"))
	return n, u, err
}

// partAlgorithm is the upload's; a part may not come with another one.
func (c *call) partAlgorithm(u *store.Upload) (string, error) {
	sent, err := namedAlgorithm(c.r.Header)
	switch {
	case err != nil:
		return "", err
	case u.ChecksumAlgorithm == "" && sent == "":
		return defaultAlgorithm, nil
	case u.ChecksumAlgorithm == "":
		return sent, nil
	case sent != "" && sent != u.ChecksumAlgorithm:
		return "", invalidRequest("Checksum Type mismatch occurred, expected checksum Type: " + strings.ToLower(u.ChecksumAlgorithm) +
			", actual checksum Type: " + strings.ToLower(sent))
	}
	return u.ChecksumAlgorithm, nil
}

// uploadPartCopy serves UploadPartCopy.
func (c *call) uploadPartCopy() error {
	n, u, err := c.target()
	if err != nil {
		return err
	}
	s, err := c.source()
	if err != nil {
		return err
	}
	body, err := c.copyRange(s.object)
	if err != nil {
		return err
	}
	algorithm := u.ChecksumAlgorithm
	if algorithm == "" {
		algorithm = defaultAlgorithm
	}
	sums, err := sumsOf(body, algorithm)
	if err != nil {
		return err
	}
	if err := c.s.store.Reserve(body); err != nil {
		return err
	}
	p := &store.Part{Number: n, ETag: sums.etag(), Body: body, Checksum: sums.checksum()}
	if err := c.s.store.PutPart(c.bucketName, c.key, u.ID, p); err != nil {
		return err
	}
	return c.reply(copyResult{
		XMLName: xml.Name{Local: "CopyPartResult"}, Xmlns: namespace, LastModified: timestamp(p.LastModified),
		ETag: quoted(p.ETag), checksumElements: elementsOf(p.Checksum),
	})
}

// copyRange reads x-amz-copy-source-range: first and last byte, both within the source.
func (c *call) copyRange(o *store.Object) (*store.Blob, error) {
	v := c.r.Header.Get("x-amz-copy-source-range")
	if v == "" {
		return o.Body, nil
	}
	spec, prefixed := strings.CutPrefix(v, "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	from, ok1 := digits(first)
	to, ok2 := digits(last)
	if !prefixed || !dash || !ok1 || !ok2 || from > to {
		return nil, invalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy", "x-amz-copy-source-range", v)
	}
	if to >= o.Size() {
		return nil, invalidArgument("Range specified is not valid for source object of size: "+itoa(o.Size()), "x-amz-copy-source-range", v)
	}
	return o.Body.Slice(from, to-from+1), nil
}

// abortMultipartUpload serves AbortMultipartUpload.
func (c *call) abortMultipartUpload() error {
	if err := c.s.store.AbortUpload(c.bucketName, c.key, c.query.Get("uploadId")); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

type listPartsResult struct {
	XMLName              xml.Name `xml:"ListPartsResult"`
	Xmlns                string   `xml:"xmlns,attr"`
	Bucket, Key          string
	UploadID             string `xml:"UploadId"`
	PartNumberMarker     int
	NextPartNumberMarker int
	MaxParts             int
	IsTruncated          bool
	Parts                []partEntry `xml:"Part"`
	Initiator, Owner     owner
	StorageClass         string
	ChecksumAlgorithm    string `xml:",omitempty"`
	ChecksumType         string `xml:",omitempty"`
}

type partEntry struct {
	PartNumber   int
	LastModified string
	ETag         string
	Size         int64
	checksumElements
}

// listParts serves ListParts.
func (c *call) listParts() error {
	limit, err := c.number("max-parts", 1000)
	if err != nil {
		return err
	}
	marker, err := c.number("part-number-marker", 0)
	if err != nil {
		return err
	}
	u, parts, err := c.s.store.Upload(c.bucketName, c.key, c.query.Get("uploadId"))
	if err != nil {
		return err
	}
	out := listPartsResult{
		Xmlns: namespace, Bucket: c.bucketName, Key: c.key, UploadID: u.ID, PartNumberMarker: marker, MaxParts: min(limit, 1000),
		Initiator: initiatorOf(u), Owner: ownerOf(c.bucket.Account), StorageClass: classOf(u.Attributes),
		ChecksumAlgorithm: u.ChecksumAlgorithm, ChecksumType: u.ChecksumType,
	}
	for _, p := range parts {
		if p.Number <= marker {
			continue
		}
		if len(out.Parts) >= out.MaxParts {
			out.IsTruncated = out.MaxParts > 0
			break
		}
		entry := partEntry{PartNumber: p.Number, LastModified: timestamp(p.LastModified), ETag: quoted(p.ETag), Size: p.Body.Size()}
		if u.ChecksumAlgorithm != "" {
			entry.checksumElements = elementsOf(p.Checksum)
		}
		out.Parts = append(out.Parts, entry)
		out.NextPartNumberMarker = p.Number
	}
	return c.reply(out)
}

func initiatorOf(u *store.Upload) owner {
	if u.Initiator == "" {
		return ownerOf(u.Account)
	}
	return owner{ID: u.Initiator, DisplayName: u.Initiator[strings.LastIndexByte(u.Initiator, '/')+1:]}
}

func classOf(a store.Attributes) string {
	if class := a.Header["x-amz-storage-class"]; class != "" {
		return class
	}
	return "STANDARD"
}
