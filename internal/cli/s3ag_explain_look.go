package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// findings are what there is to know about a request.
type findings struct {
	request *session.GrantRequest
	grants  session.CallerGrants
	// unlisted is why there is no list of grants.
	unlisted error
	// bucketRegion is where the bucket is, if nothing serves and it is elsewhere.
	bucketRegion string
	// stored are credentials that would answer before AWS is asked.
	stored *store.S3Entry
	live   *liveAnswer
	// command makes what is suggested.
	command grantCommandLine
}

// liveAnswer is what GetDataAccess said.
type liveAnswer struct {
	entry store.S3Entry
	err   error
}

// find gathers what there is to know. Its error is in the way of any explanation.
func (a *app) find(ctx context.Context, s *session.Session, c config.Config, r *session.GrantRequest, live bool) (*findings, error) {
	f := &findings{request: r, command: a.s3agCommand}
	if err := f.list(ctx, s); err != nil {
		return nil, err
	}
	if st, err := a.store(); err == nil {
		if held, ok, err := a.heldGrant(st, c, *r); err == nil && ok {
			f.stored = &held
		}
	}
	if live {
		a.progress.update("asking for credentials")
		if err := f.ask(ctx, s); err != nil {
			return nil, err
		}
	}
	return f, ctx.Err()
}

// list asks for the grants. That the role may not list them leaves other things to know.
func (f *findings) list(ctx context.Context, s *session.Session) error {
	r := f.request
	serves := func(found session.CallerGrants) bool { return found.Serves(r.Target, r.Permission) }
	var err error
	f.grants, err = s.CallerGrants(ctx, session.GrantsQuery{AccountID: r.AccountID, Region: r.Region, Owner: r.Target, Enough: serves})
	refused, isRefusal := errors.AsType[*session.GrantsError](err)
	noInstance := isRefusal && refused.NoInstance()
	if noInstance || err == nil && !serves(f.grants) {
		f.bucketRegion = f.regionElsewhere(ctx, s)
	}
	switch {
	case noInstance && f.bucketRegion != "":
		return &elsewhereError{error: err, region: f.bucketRegion}
	case isRefusal && refused.Err.Denied():
		f.unlisted = err
		return nil
	}
	return err
}

// ask has GetDataAccess decide. A refusal belongs into the report.
func (f *findings) ask(ctx context.Context, s *session.Session) error {
	forced := *f.request
	forced.Force = true
	entry, err := s.DataAccess(ctx, forced)
	if err != nil && exitCode(err) != ExitAccessDenied {
		return err
	}
	f.live = &liveAnswer{entry, err}
	return nil
}

// regionElsewhere is the region of the bucket if that is not the one that was asked in.
func (f *findings) regionElsewhere(ctx context.Context, s *session.Session) string {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(f.request.Target, "s3://"), "/")
	if strings.HasSuffix(bucket, "*") || f.grants.Region == "" {
		return ""
	}
	region, err := s.BucketRegion(ctx, bucket, f.grants.Region)
	if err != nil || region == f.grants.Region || !config.IsRegion(region) {
		return ""
	}
	return region
}

// elsewhereError is that there is no instance, where the bucket is in another region.
type elsewhereError struct {
	error
	region string
}

// Unwrap returns the refusal.
func (e *elsewhereError) Unwrap() error { return e.error }

// Hint names the region.
func (e *elsewhereError) Hint() string {
	return "the bucket is in " + e.region + ", and its S3 Access Grants instance must be there: add --region " + e.region
}
