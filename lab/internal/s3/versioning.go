package s3

import (
	"encoding/xml"
	"net/http"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

type versioningConfiguration struct {
	XMLName   xml.Name         `xml:"VersioningConfiguration"`
	Xmlns     string           `xml:"xmlns,attr,omitempty"`
	Status    store.Versioning `xml:",omitempty"`
	MFADelete string           `xml:"MfaDelete,omitempty"`
}

// getBucketVersioning serves GetBucketVersioning; a bucket that never had
// versioning has no Status.
func (c *call) getBucketVersioning() error {
	info, _ := c.s.store.Bucket(c.bucketName)
	return c.reply(versioningConfiguration{Xmlns: namespace, Status: info.Versioning})
}

// putBucketVersioning serves PutBucketVersioning, without MFA delete.
func (c *call) putBucketVersioning() error {
	var in versioningConfiguration
	if err := c.decode(&in); err != nil {
		return err
	}
	switch in.MFADelete {
	case "", "Disabled":
	case "Enabled":
		return refusal("NotImplemented").saying("MFA delete is not implemented by the lab.")
	default:
		return refusal("MalformedXML")
	}
	switch in.Status {
	case store.Enabled, store.Suspended:
	case store.Unversioned:
		return refusal("IllegalVersioningConfigurationException")
	default:
		return refusal("MalformedXML")
	}
	err := c.s.changeBucket(c.bucketName, func(b *world.Bucket) error {
		b.Versioning, b.Suspended = in.Status == store.Enabled, in.Status == store.Suspended
		return c.s.store.SetVersioning(c.bucketName, in.Status)
	})
	if err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusOK)
	return nil
}
