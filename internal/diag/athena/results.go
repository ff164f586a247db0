package athena

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tip-cli/tip-cli/internal/diag/bucket"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// results looks at where the results of queries go.
func (l *look) results(ctx context.Context) {
	location := ""
	if r := l.group.Configuration.ResultConfiguration; r != nil {
		location = aws.ToString(r.OutputLocation)
	}
	managed := l.group.Configuration.ManagedQueryResultsConfiguration
	switch {
	case managed != nil && managed.Enabled:
		l.OK("athena.results", "Athena keeps the results itself")
	case location == "":
		l.Found("athena.no-results-location", l.arn(), "ResultConfiguration has no OutputLocation", l.relocate())
	default:
		l.location(ctx, location)
	}
}

// relocate is the fix for which a bucket has to be chosen.
func (l *look) relocate() finding.Fix {
	return finding.Fix{
		Who: finding.DataAdmin, Does: "set a location for results in a bucket in " + l.region + " for which the people have a grant",
		Console: "Athena > Administration > Workgroups > " + l.name + " > Edit > Query result configuration",
	}
}

// location asks S3 for the bucket.
func (l *look) location(ctx context.Context, location string) {
	name, _, _ := strings.Cut(strings.TrimPrefix(location, "s3://"), "/")
	if l.c.HTTPErr != nil || l.c.HTTP == nil || name == "" {
		l.Unread("athena.results", "the bucket of "+location+" cannot be looked for", nil)
		return
	}
	switch place, r := bucket.Find(ctx, l.c.HTTP, l.region, name); {
	case r != nil:
		l.Unread("athena.results", location+": "+r.Seen, nil)
	case place.Missing:
		l.Found("athena.results-bucket-missing", location, "there is no bucket "+name, l.makeBucket(name), l.relocate())
	case place.Region != l.region:
		l.Found("athena.results-elsewhere", location, "the bucket "+name+" is in "+place.Region+", the work group in "+l.region, l.relocate())
	default:
		l.OK("athena.results", location+", in "+place.Region)
	}
}

// makeBucket makes a bucket in the region, which us-east-1 must not name.
func (l *look) makeBucket(name string) finding.Fix {
	words := []string{"s3api", "create-bucket", "--bucket", name}
	if l.region != "us-east-1" {
		words = append(words, "--create-bucket-configuration", "LocationConstraint="+l.region)
	}
	return fix("make the bucket, if the name is right", l.aws(words...))
}

// access looks whether the results are written in the person's name.
func (l *look) access() {
	managed := l.group.Configuration.ManagedQueryResultsConfiguration
	given := l.group.Configuration.QueryResultsS3AccessGrantsConfiguration
	switch {
	case !l.enabled():
		l.Skip("athena.results-access", "the work group has no Identity Center")
	case managed != nil && managed.Enabled:
		l.Skip("athena.results-access", "Athena keeps the results itself")
	case given != nil && aws.ToBool(given.EnableS3AccessGrants):
		l.OK("athena.results-access", "EnableS3AccessGrants is set")
	default:
		text, _ := encoded(map[string]any{"QueryResultsS3AccessGrantsConfiguration": throughGrants(given)})
		l.Found("athena.results-without-grants", l.arn(), "EnableS3AccessGrants is not set",
			fix("have results written through S3 Access Grants", l.update("--configuration-updates", text)))
	}
}
