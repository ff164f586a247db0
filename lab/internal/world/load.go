package world

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// endpointMark stands in world files for the host:port on which the lab listens.
const endpointMark = "{{endpoint}}"

// Parse reads a world file. endpoint is the host:port that {{endpoint}} stands for.
func Parse(document []byte, endpoint string) (*File, error) {
	dec := yaml.NewDecoder(bytes.NewReader(ShowEndpoint(document, endpoint)))
	dec.KnownFields(true)
	var f File
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("world file: %w", err)
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("world file: more than one document")
	}
	return &f, nil
}

// New checks a world file and makes a world of it. now is its clock.
func New(f *File, now func() time.Time) (*World, error) {
	seal, err := newSealer()
	if err != nil {
		return nil, err
	}
	l := &loader{file: f, World: &World{
		Partition: f.Partition, Region: f.Region, Switches: f.Switches, now: now, seal: seal,
		accounts: map[string]string{}, roles: map[string]*Role{}, iamUsers: map[string]*IAMUser{},
		providers: map[string]*OIDCProvider{}, iam: newIAMState(), instances: map[string]*Instance{}, applications: map[string]*Application{},
		buckets: map[string]*Bucket{}, accessGrants: map[string]*AccessGrants{}, sessions: map[string]*Session{},
		spent: map[string]time.Time{}, refresh: map[string]*RefreshToken{}, secrets: map[string]*Secret{}, workGroups: map[string]*WorkGroup{},
	}}
	if err := l.load(); err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	return l.World, nil
}

// loader fills a world that nobody else sees yet.
type loader struct {
	*World
	file *File
}

var (
	accountForm   = regexp.MustCompile(`^[0-9]{12}$`)
	partitionForm = regexp.MustCompile(`^aws(-[a-z]+)*$`)
	regionForm    = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
	nameForm      = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
)

func (l *loader) load() error {
	if l.file.Version != 1 {
		return fmt.Errorf("version %d: this lab reads version 1", l.file.Version)
	}
	if l.Partition == "" {
		l.Partition = "aws"
	}
	if !partitionForm.MatchString(l.Partition) {
		return fmt.Errorf("partition %q is not the name of a partition", l.Partition)
	}
	if !regionForm.MatchString(l.Region) {
		return fmt.Errorf("region %q is not the name of a region", l.Region)
	}
	if err := l.Switches.fill(); err != nil {
		return err
	}
	for _, step := range []func() error{l.allowList, l.loadAWSPolicies, l.loadAccounts, l.loadOrganization, l.loadSecrets, l.loadIssuers, l.loadInstances, l.loadBuckets, l.loadAccessGrants, l.loadWorkGroups, l.loadStacks} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) allowList() error {
	doc := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Sid": "TrustedIdentityPropagation", "Effect": "Deny", "NotAction": l.Switches.IdentityContextAllowList, "Resource": "*",
	}}}
	var err error
	l.AllowList, err = l.policy(doc, policy.Identity)
	return at(err, "switches.identityContextAllowList")
}

// at says where in the file an error lies.
func at(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}

// policy compiles a policy written as YAML; nil stays nil.
func (l *loader) policy(doc any, kind policy.Kind) (*policy.Document, error) {
	if doc == nil {
		return nil, nil
	}
	if text, ok := doc.(string); ok {
		return policy.Parse([]byte(text), kind)
	}
	text, err := jsonOf(doc)
	if err != nil {
		return nil, err
	}
	return policy.Parse(text, kind)
}

func (l *loader) account(id string) error {
	if _, ok := l.accounts[id]; !ok {
		return fmt.Errorf("account %q is not in accounts", id)
	}
	return nil
}

// region returns region, or the world's when it is empty.
func (l *loader) region(region string) (string, error) {
	if region == "" {
		return l.Region, nil
	}
	if !regionForm.MatchString(region) {
		return "", fmt.Errorf("region %q is not the name of a region", region)
	}
	return region, nil
}

// duplicate returns a value that appears twice, if any does.
func duplicate(values []string) (string, bool) {
	seen := map[string]bool{}
	for _, v := range values {
		if seen[v] {
			return v, true
		}
		seen[v] = true
	}
	return "", false
}

// arnField returns the n-th colon-separated field of an ARN, counted from 0.
func arnField(arn string, n int) string {
	parts := strings.SplitN(arn, ":", 6)
	if n >= len(parts) {
		return ""
	}
	return parts[n]
}
