package cli

import (
	"os"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// heldGrant are S3 credentials on disk that answer a request.
func (a *app) heldGrant(st *store.Store, c config.Config, r session.GrantRequest) (store.S3Entry, bool, error) {
	mark, err := a.meantRegion(c, &r)
	if err != nil {
		return store.S3Entry{}, false, err
	}
	held, ok := session.HeldGrant(st, c, r, mark)
	return held, ok, nil
}

// currentGrant is [session.CurrentGrant] for a request that may name no region.
func (a *app) currentGrant(st *store.Store, c config.Config, r session.GrantRequest, accessKeyID string) (bool, error) {
	if _, err := a.meantRegion(c, &r); err != nil {
		return false, err
	}
	return session.CurrentGrant(st, c, r, accessKeyID)
}

// meantRegion gives a request without a region the one that it means. mark is the
// [session.RegionMark] of the AWS config file if it is from there.
func (a *app) meantRegion(c config.Config, r *session.GrantRequest) (mark string, err error) {
	if r.Region != "" {
		return "", nil
	}
	regions, err := c.Regions(a.Getenv, func() (region string) {
		region, mark = a.profileRegionMarked()
		return region
	})
	r.Region = regions.Region
	return mark, err
}

// profileRegionMarked is [app.profileRegion] with the [session.RegionMark] of the AWS
// config file, as it was before it was looked up there: empty if that cannot be read.
func (a *app) profileRegionMarked() (region, mark string) {
	path, err := awsprofile.Path(a.Getenv, os.UserHomeDir)
	if err != nil {
		return "", ""
	}
	if text, err := os.ReadFile(path); err == nil {
		mark = session.RegionMark(awsprofile.Ambient(a.Getenv), text)
	}
	return a.profileRegion(), mark
}
