package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// explainFlags are the flags of explain beside those that it shares with get-data-access.
type explainFlags struct {
	grantFlags
	live   bool
	output format
}

func newExplain(a *app) *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use: "explain S3_PATH", Short: "Explain which grants serve a path, which one does, and why not the others",
		Long: `Lists your grants of S3 Access Grants and says of each what it is to an S3 path and
a permission: the one that serves it (the most specific: one object before the
longest prefix), those that would if that one were not there, and those that do
not, the nearest first, with the reason. If none does, it says what would help.

It compares texts as AWS documents it; AWS decides. --live asks GetDataAccess for
new credentials, stores them as get-data-access does, and compares.

Without --account-id the configured account is asked, else that of the role, and if
nothing there serves the path, the account that has the instance for it. The role
needs s3:ListCallerAccessGrants.

The exit code is 0 if something serves the path, and 4 if nothing does: the report
is on stdout before the error. With --live it is that of get-data-access.

With --output json it is an object; docs/output.md explains its members.`,
		Example: `  tip-cli s3ag explain s3://example-bucket/prefix/ --permission WRITE
  tip-cli s3ag explain 's3://example-bucket/prefix/*' --permission READ --privilege Minimal
  tip-cli s3ag explain s3://example-bucket/prefix/ --live --output json`,
		Args: exactly(1, "the S3 path"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.request(args[0])
			if err != nil {
				return usage(cmd, err)
			}
			return a.explain(cmd.Context(), &r, &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.account, "account-id", "", "account of the S3 Access Grants instance (default: the configured one, else the role's, else the owner of the instance for the path)")
	fl.Var(&f.region, "region", "region of the instance and the bucket (default: the configured one)")
	fl.StringVar(&f.permission, "permission", "READ", "READ, WRITE or READWRITE")
	fl.StringVar(&f.privilege, "privilege", "Default", "Default for all that the grant covers, Minimal for exactly the path")
	fl.StringVar(&f.targetType, "target-type", "", "Object if the path is one object; else Prefix")
	fl.BoolVar(&f.live, "live", false, "ask AWS for credentials, too, and compare")
	f.output.register(cmd)
	return cmd
}

// explain lists the grants, asks AWS if it is to, and prints what it makes of them.
func (a *app) explain(ctx context.Context, r *session.GrantRequest, f *explainFlags) error {
	c, err := a.validConfig()
	if err != nil {
		return err
	}
	if r.Region, err = a.grantRegion(c, r.Region); err != nil {
		return err
	}
	s, err := a.grantsSession(r.Region)
	if err != nil {
		return err
	}
	x := &explaining{app: a, session: s, config: c, request: r}
	end := a.progress.begin("asking S3 Access Grants")
	err = x.look(ctx, f.live)
	end()
	if err != nil {
		return err
	}
	e := x.report()
	if f.output == formatJSON {
		err = a.printJSON(e)
	} else {
		err = a.printExplanation(e)
	}
	if err != nil {
		return err
	}
	return x.outcome(e)
}

// explaining is one explanation under way.
type explaining struct {
	*app
	session *session.Session
	config  config.Config
	request *session.GrantRequest

	found session.CallerGrants
	// unlisted is why there is no list of grants, and only AWS's answer.
	unlisted error
	// bucketRegion is where the bucket is, if nothing serves and it is elsewhere.
	bucketRegion string
	stored       *store.S3Entry
	live         *liveAnswer
}

// liveAnswer is what GetDataAccess said.
type liveAnswer struct {
	entry store.S3Entry
	err   error
}

// look gathers what there is to know. Its error is in the way of any explanation.
func (x *explaining) look(ctx context.Context, live bool) error {
	r := x.request
	var err error
	x.found, err = x.session.CallerGrants(ctx, session.GrantsQuery{
		AccountID: r.AccountID, Region: r.Region, Owner: r.Target,
		Enough: func(found session.CallerGrants) bool { return found.Serves(r.Target, r.Permission) },
	})
	refused, isRefusal := errors.AsType[*session.GrantsError](err)
	noInstance := isRefusal && refused.NoInstance()
	if noInstance || err == nil && !x.found.Serves(r.Target, r.Permission) {
		x.bucketRegion = x.regionElsewhere(ctx)
	}
	switch {
	case noInstance && x.bucketRegion != "":
		return &elsewhereError{error: err, region: x.bucketRegion}
	case err != nil && !(live && isRefusal && refused.Err.Denied()):
		return err
	}
	x.unlisted = err
	if held, ok := x.held(); ok {
		x.stored = &held
	}
	if !live {
		return ctx.Err()
	}
	x.progress.update("asking for credentials")
	forced := *r
	forced.Force = true
	x.live = &liveAnswer{}
	if x.live.entry, x.live.err = x.session.DataAccess(ctx, forced); x.live.err != nil && !answeredLive(x.live.err) {
		return x.live.err
	}
	return ctx.Err()
}

// held are stored credentials that would answer before AWS is asked.
func (x *explaining) held() (store.S3Entry, bool) {
	st, err := x.store()
	if err != nil {
		return store.S3Entry{}, false
	}
	return session.HeldGrant(st, x.config, *x.request)
}

// answeredLive reports whether an error is a refusal that belongs into the report.
func answeredLive(err error) bool { return exitCode(err) == ExitAccessDenied }

// regionElsewhere is the region of the bucket if that is not the one that was asked in.
func (x *explaining) regionElsewhere(ctx context.Context) string {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(x.request.Target, "s3://"), "/")
	if strings.HasSuffix(bucket, "*") || x.found.Region == "" {
		return ""
	}
	region, err := x.session.BucketRegion(ctx, bucket, x.found.Region)
	if err != nil || region == x.found.Region || !config.IsRegion(region) {
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

// unservedError says that nothing serves a request.
type unservedError struct {
	text, hint string
	err        error // AWS's, or nil
}

// Error implements error.
func (e *unservedError) Error() string { return e.text }

// Unwrap returns AWS's refusal, if it was asked.
func (e *unservedError) Unwrap() error { return e.err }

// Hint is the next thing to do.
func (e *unservedError) Hint() string { return e.hint }

// outcome is the error of an explanation.
func (x *explaining) outcome(e *explanation) error {
	switch {
	case x.live != nil && x.live.err != nil:
		return &unservedError{x.live.err.Error(), e.hint(), x.live.err}
	case x.live != nil, e.ServedBy != nil:
		return nil
	}
	r := x.request
	return &unservedError{"no grant of yours gives " + string(r.Permission) + " on " + r.Target, e.hint(), nil}
}
