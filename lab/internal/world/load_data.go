package world

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
)

var bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

func (l *loader) loadBuckets() error {
	for _, b := range l.file.Buckets {
		if err := l.loadBucket(&b); err != nil {
			return at(err, "bucket %q", b.Name)
		}
	}
	return nil
}

func (l *loader) loadBucket(b *BucketFile) error {
	if !bucketForm.MatchString(b.Name) || strings.Contains(b.Name, "..") {
		return errors.New("a bucket name has 3 to 63 lower-case letters, digits, dots or dashes")
	}
	if err := l.account(b.Account); err != nil {
		return err
	}
	region, err := l.region(b.Region)
	if err != nil {
		return err
	}
	text, err := policyText(b.Policy)
	if err != nil {
		return at(err, "policy")
	}
	doc, err := l.policy(b.Policy, policy.Resource)
	if err != nil {
		return at(err, "policy")
	}
	if _, twice := l.buckets[b.Name]; twice {
		return errors.New("the name stands twice")
	}
	for _, o := range b.Objects {
		if o.Key == "" || len(o.Key) > 1024 {
			return fmt.Errorf("object %q: a key has 1 to 1024 bytes", o.Key)
		}
	}
	if b.Versioning && b.Suspended {
		return errors.New("versioning is on or suspended, not both")
	}
	l.buckets[b.Name] = &Bucket{
		Name: b.Name, Account: b.Account, Region: region, Created: l.time(b.Created).Truncate(time.Second),
		Versioning: b.Versioning, Suspended: b.Suspended,
		Policy: doc, PolicyText: text, Seed: b.Objects,
	}
	return nil
}

// policyText is a policy of the file as JSON, "" if there is none.
func policyText(doc any) (string, error) {
	if text, ok := doc.(string); ok || doc == nil {
		return text, nil
	}
	text, err := jsonOf(doc)
	return string(text), err
}

// time is a time of the file, or now, in UTC.
func (l *loader) time(t *time.Time) time.Time {
	if t == nil {
		return l.now().UTC()
	}
	return t.UTC()
}

// timeOf is a time of the file, zero if it is left out.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
