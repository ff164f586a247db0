package s3

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

type attributesResult struct {
	XMLName      xml.Name `xml:"GetObjectAttributesResponse"`
	Xmlns        string   `xml:"xmlns,attr"`
	ETag         string   `xml:",omitempty"`
	Checksum     *checksumResult
	ObjectParts  *partsResult
	StorageClass string `xml:",omitempty"`
	ObjectSize   *int64
}

type checksumResult struct {
	checksumElements
	ChecksumType string
}

type partsResult struct {
	PartsCount           int
	PartNumberMarker     int
	NextPartNumberMarker int
	MaxParts             int
	IsTruncated          bool
	Parts                []attributePart `xml:"Part"`
}

type attributePart struct {
	PartNumber int
	Size       int64
	checksumElements
}

var objectAttributes = []string{"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"}

// getObjectAttributes serves GetObjectAttributes, which needs the right to read
// the object, too.
func (c *call) getObjectAttributes() error {
	action := "s3:GetObject"
	if c.query.Get("versionId") != "" {
		action = "s3:GetObjectVersion"
	}
	if err := c.allowKey(action); err != nil {
		return err
	}
	wanted, err := c.wantedAttributes()
	if err != nil {
		return err
	}
	o, err := c.object()
	if err != nil {
		return err
	}
	out := attributesResult{Xmlns: namespace}
	for _, name := range wanted {
		switch name {
		case "ETag":
			out.ETag = o.ETag // without quotation marks, here only
		case "Checksum":
			out.Checksum = &checksumResult{elementsOf(o.Checksum), o.Checksum.Type}
		case "StorageClass":
			out.StorageClass = classOf(o.Attributes)
		case "ObjectSize":
			size := o.Size()
			out.ObjectSize = &size
		case "ObjectParts":
			if out.ObjectParts, err = c.partsOf(o); err != nil {
				return err
			}
		}
	}
	c.w.Header().Set("Last-Modified", o.LastModified.Format(http.TimeFormat))
	return c.reply(out)
}

func (c *call) wantedAttributes() ([]string, error) {
	var wanted []string
	for name := range strings.SplitSeq(strings.Join(c.r.Header.Values("x-amz-object-attributes"), ","), ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(objectAttributes, name) {
			return nil, invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", name)
		}
		wanted = append(wanted, name)
	}
	return wanted, nil
}

// partsOf pages over the parts. Only a composite checksum makes S3 keep the list
// of them; without one there is but their number.
func (c *call) partsOf(o *store.Object) (*partsResult, error) {
	if len(o.Parts) == 0 {
		return nil, nil
	}
	limit, err := parseNumber("x-amz-max-parts", c.r.Header.Get("x-amz-max-parts"), 1000)
	if err != nil {
		return nil, err
	}
	marker, err := parseNumber("x-amz-part-number-marker", c.r.Header.Get("x-amz-part-number-marker"), 0)
	if err != nil {
		return nil, err
	}
	out := &partsResult{PartsCount: len(o.Parts), PartNumberMarker: marker, MaxParts: min(limit, 1000)}
	if o.Checksum.Type != composite {
		return out, nil
	}
	for i, p := range o.Parts {
		if i+1 <= marker {
			continue
		}
		if len(out.Parts) >= out.MaxParts {
			out.IsTruncated = out.MaxParts > 0
			break
		}
		out.Parts = append(out.Parts, attributePart{PartNumber: i + 1, Size: p.Size, checksumElements: elementsOf(p.Checksum)})
		out.NextPartNumberMarker = i + 1
	}
	return out, nil
}
