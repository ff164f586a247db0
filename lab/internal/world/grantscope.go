package world

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// DefaultLocation is the scope of all buckets of an account and region.
const DefaultLocation = "s3://"

// bucketLetters are what a bucket's name, or the beginning of one, can consist of.
// The least length is not asked for: there is no such bucket then.
var bucketLetters = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,62}$`)

// CheckLocationScope refuses location scopes other than s3:// and those inside a
// bucket, which must be of the instance's region where the world knows it.
func (w *World) CheckLocationScope(g *AccessGrants, scope string) error {
	if scope == DefaultLocation {
		return nil
	}
	name, err := w.checkBucketOf(g, scope)
	if _, known := w.Bucket(name); err == nil && !known && *w.Switches.LocationBucketMustExist {
		err = fmt.Errorf("there is no bucket %s", name)
	}
	return err
}

// checkBucketOf returns the bucket of a scope, or the beginning of the names of
// several if a star follows it.
func (w *World) checkBucketOf(g *AccessGrants, scope string) (string, error) {
	rest, ok := strings.CutPrefix(scope, DefaultLocation)
	if !ok {
		return "", errors.New("a scope begins with s3://")
	}
	name, _, inBucket := strings.Cut(rest, "/")
	beginning, several := strings.CutSuffix(name, "*")
	if several = several && !inBucket; several {
		name = beginning
	}
	if !bucketLetters.MatchString(name) || strings.Contains(name, "..") {
		return "", fmt.Errorf("scope %q names no bucket", scope)
	}
	if b, known := w.Bucket(name); known && !several && b.Region != g.Region {
		return "", fmt.Errorf("bucket %s is in %s and must be in %s", name, b.Region, g.Region)
	}
	return name, nil
}

// GrantScope joins a location scope and a sub-prefix: the location's trailing
// star gives way to the sub-prefix. It refuses a grant of the whole default
// location, a bucket of another region, a star where the grant is for an object or
// none where it is not, and an object without a key.
func (w *World) GrantScope(g *AccessGrants, loc *Location, subPrefix string, object bool) (string, error) {
	if loc.Scope == DefaultLocation && subPrefix == "" {
		return "", errors.New("the default location needs a subPrefix")
	}
	scope := w.joinScope(loc.Scope, subPrefix)
	star := strings.HasSuffix(scope, "*")
	if object && star || !object && !star && *w.Switches.GrantScopeStar {
		return "", fmt.Errorf("scope %q: an object grant ends without a star, any other with one", scope)
	}
	if strings.Trim(scope[len(DefaultLocation):], "*/") == "" {
		if *w.Switches.GrantOfEverything {
			return scope, nil
		}
		return "", errors.New("a grant of all buckets is not possible")
	}
	if _, err := w.checkBucketOf(g, scope); err != nil {
		return "", err
	}
	if _, key, _ := strings.Cut(scope[len(DefaultLocation):], "/"); object && key == "" {
		return "", fmt.Errorf("scope %q: an object grant needs a key", scope)
	}
	return scope, nil
}

func (w *World) joinScope(location, subPrefix string) string {
	if subPrefix == "" {
		return location
	}
	base := strings.TrimSuffix(location, "*")
	bare := base == location && base != DefaultLocation && !strings.HasSuffix(base, "/")
	if bare && !strings.HasPrefix(subPrefix, "/") && *w.Switches.SubPrefixSlash {
		base += "/"
	}
	return base + subPrefix
}
