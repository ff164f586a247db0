package world

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

var (
	instanceForm    = regexp.MustCompile(`^arn:(aws[a-z-]*):sso:::instance/(ssoins-[a-zA-Z0-9]{16})$`)
	tokenIssuerForm = regexp.MustCompile(`^arn:(aws[a-z-]*):sso::([0-9]{12}):trustedTokenIssuer/(ssoins-[a-zA-Z0-9]{16})/tti-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	applicationForm = regexp.MustCompile(`^arn:(aws[a-z-]*):sso::([0-9]{12}):application/(ssoins-[a-zA-Z0-9]{16})/apl-[a-zA-Z0-9]{16}$`)
	storeForm       = regexp.MustCompile(`^(d-[0-9a-f]{10}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	principalForm   = regexp.MustCompile(`^([0-9a-f]{10}-)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	claimForm       = regexp.MustCompile(`^\p{L}+([._]\p{L}+){0,2}$`)
	scopeForm       = regexp.MustCompile(`^[A-Za-z0-9_]{1,50}(:[A-Za-z0-9_]{1,50}){0,2}$`)
	centerKeyForm   = regexp.MustCompile(`^arn:aws(-[a-z]{1,5}){0,3}:kms:[a-z]{2,}(-[a-z0-9]+)+:[0-9]{12}:key/(mrk-[a-f0-9]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	issuerNameForm  = regexp.MustCompile(`^[\w+=,.@-]{1,255}$`)
)

func (l *loader) loadInstances() error {
	for i := range l.file.IdentityCenter {
		f := &l.file.IdentityCenter[i]
		if err := l.loadInstance(f); err != nil {
			return at(err, "identityCenter %q", f.ARN)
		}
	}
	return nil
}

func (l *loader) loadInstance(f *InstanceFile) error {
	if err := l.account(f.Account); err != nil {
		return err
	}
	region, err := l.region(f.Region)
	if err != nil {
		return err
	}
	m := instanceForm.FindStringSubmatch(f.ARN)
	if m == nil || m[1] != l.Partition {
		return fmt.Errorf("arn is not arn:%s:sso:::instance/ssoins-{16 characters}", l.Partition)
	}
	if !storeForm.MatchString(f.IdentityStoreID) {
		return fmt.Errorf("identityStoreId %q is neither d-{10 hexadecimal digits} nor a UUID", f.IdentityStoreID)
	}
	if _, twice := l.instances[f.ARN]; twice {
		return errors.New("the arn stands twice")
	}
	in := l.newInstance(f.Account, region, m[2], f.IdentityStoreID)
	if f.MaxApplications < 0 || f.MaxApplications > maxApplications {
		return fmt.Errorf("maxApplications: 1 to %d are allowed", maxApplications)
	}
	in.OfAccount, in.maxApplications = f.AccountInstance, f.MaxApplications
	l.instances[f.ARN] = in
	for _, step := range []func(*Instance, *InstanceFile) error{l.loadSettings, l.loadUsers, l.loadGroups, l.loadTrustedIssuers, l.loadApplications} {
		if err := step(in, f); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) loadSettings(in *Instance, f *InstanceFile) error {
	if f.Name != "" && !issuerNameForm.MatchString(f.Name) {
		return errors.New("a name has up to 255 letters, digits or +=,.@_-")
	}
	if f.KMSKeyARN != "" && !centerKeyForm.MatchString(f.KMSKeyARN) {
		return fmt.Errorf("kmsKeyArn %q is not the ARN of a key", f.KMSKeyARN)
	}
	if err := CheckTags(f.Tags); err != nil {
		return at(err, "tags")
	}
	in.settings = InstanceSettings{Name: f.Name, KMSKeyARN: f.KMSKeyARN, Tags: f.Tags}
	in.Created = timeOr(f.Created, in.Created)
	return nil
}

func (l *loader) loadTrustedIssuers(in *Instance, f *InstanceFile) error {
	if n := len(f.TrustedTokenIssuers); n > MaxTrustedTokenIssuers {
		return fmt.Errorf("%d trustedTokenIssuers: %d at most are allowed", n, MaxTrustedTokenIssuers)
	}
	for _, t := range f.TrustedTokenIssuers {
		if err := l.loadTrustedIssuer(in, &t); err != nil {
			return at(err, "trustedTokenIssuer %q", t.Name)
		}
	}
	return nil
}

func (l *loader) loadTrustedIssuer(in *Instance, t *TrustedTokenIssuerFile) error {
	if !issuerNameForm.MatchString(t.Name) {
		return errors.New("a name has 1 to 255 letters, digits or +=,.@_-")
	}
	if len(t.IssuerURL) > 512 {
		return errors.New("issuerUrl has 512 characters at most")
	}
	if err := checkIssuerURL(t.IssuerURL, *l.Switches.LoopbackIssuers, true); err != nil {
		return err
	}
	if len(t.ClaimAttributePath) > 255 || !claimForm.MatchString(t.ClaimAttributePath) {
		return fmt.Errorf("claimAttributePath %q: up to three words of letters, joined by a dot or an underscore", t.ClaimAttributePath)
	}
	if paths := l.Switches.AttributePaths(); !slices.Contains(paths, t.IdentityStoreAttributePath) {
		return fmt.Errorf("identityStoreAttributePath %q is none of %s", t.IdentityStoreAttributePath, strings.Join(paths, ", "))
	}
	if err := CheckTags(t.Tags); err != nil {
		return at(err, "tags")
	}
	return l.addTrustedIssuer(in, t)
}

// addTrustedIssuer adds an issuer that is right but for what others there are.
func (l *loader) addTrustedIssuer(in *Instance, t *TrustedTokenIssuerFile) error {
	for _, other := range in.issuers {
		if other.IssuerURL == t.IssuerURL || other.Name == t.Name {
			return errors.New("the name or issuerUrl stands twice")
		}
	}
	if t.ARN == "" {
		t.ARN = issuerARN(in, stableUUID(in.ARN+" "+t.Name))
	}
	m := tokenIssuerForm.FindStringSubmatch(t.ARN)
	if m == nil || m[1] != l.Partition || m[2] != in.Account || !strings.HasSuffix(in.ARN, "/"+m[3]) {
		return errors.New("arn is not arn:{partition}:sso::{the instance's account}:trustedTokenIssuer/{the instance}/tti-{UUID}")
	}
	if in.issuers[t.ARN] != nil {
		return errors.New("the arn stands twice")
	}
	in.issuers[t.ARN] = &TrustedTokenIssuer{
		ARN: t.ARN, Name: t.Name, IssuerURL: t.IssuerURL,
		ClaimAttributePath: t.ClaimAttributePath, IdentityStoreAttributePath: t.IdentityStoreAttributePath, Tags: t.Tags,
	}
	return nil
}

// stableUUID makes the same identifier from the same text in every run.
func stableUUID(text string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(text)).String()
}

// timeOr is a time of the file, or another where it has none.
func timeOr(at *time.Time, otherwise time.Time) time.Time {
	if at == nil {
		return otherwise
	}
	return at.UTC()
}
