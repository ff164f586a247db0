package world

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// awsAccount stands in the place of the account in the ARNs of AWS's own policies.
const awsAccount = "aws"

// allowListName is the managed policy that STS attaches to sessions with an identity context.
const allowListName = "AWSIAMIdentityCenterAllowListForIdentityContext"

//go:embed awspolicies.json
var awsPolicies []byte

// loadAWSPolicies makes the managed policies of AWS: a few of those that exist,
// and the allow list that the world has.
func (l *loader) loadAWSPolicies() error {
	var all []struct {
		Name, Path, Version string
		Created, Updated    time.Time
		Document            json.RawMessage
	}
	if err := json.Unmarshal(awsPolicies, &all); err != nil {
		return fmt.Errorf("policies of AWS: %w", err)
	}
	for _, one := range all {
		text := strings.ReplaceAll(string(one.Document), `"arn:aws:`, `"arn:`+l.Partition+`:`)
		doc, err := policy.Parse([]byte(text), policy.Identity)
		if err != nil {
			return at(err, "policy of AWS %s", one.Name)
		}
		l.storeAWSPolicy(one.Name, one.Path, PolicyVersion{ID: one.Version, Document: doc, Created: one.Updated}, one.Created)
	}
	released, updated := time.Date(2023, 11, 8, 15, 21, 33, 0, time.UTC), time.Date(2024, 10, 1, 14, 19, 12, 0, time.UTC)
	l.storeAWSPolicy(allowListName, "/", PolicyVersion{ID: "v12", Document: l.AllowList, Created: updated}, released)
	return nil
}

func (l *loader) storeAWSPolicy(name, path string, v PolicyVersion, created time.Time) {
	p := &ManagedPolicy{
		Account: awsAccount, Name: name, Path: path, Created: created, Updated: v.Created, Default: v.ID,
		arn: l.policyARN(awsAccount, path, name),
	}
	p.ID = "ANPA" + stableID(p.arn)
	v.Document = v.Document.WithARN(p.arn)
	p.Versions = []PolicyVersion{v}
	l.storePolicy(p)
}

func (w *World) policyARN(account, path, name string) string {
	return "arn:" + w.Partition + ":iam::" + account + ":policy" + path + name
}

// NewManagedPolicy is a customer managed policy with the version v1. It is
// nobody's until [World.AddPolicy].
func (w *World) NewManagedPolicy(account, path, name string, doc *policy.Document) *ManagedPolicy {
	now := w.now().UTC().Truncate(time.Second)
	p := &ManagedPolicy{
		Account: account, Name: name, Path: path, ID: "ANPA" + uniqueID(17), Created: now, Updated: now,
		arn: w.policyARN(account, path, name),
	}
	p.Default = p.AddVersion(doc, now).ID
	return p
}

// Policy returns the managed policy with an ARN, a customer's or one of AWS.
func (w *World) Policy(arn string) (*ManagedPolicy, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	p, ok := w.iam.policies[arn]
	return p, ok
}

// ManagedPolicy returns the default version of a managed policy as it is now.
func (w *World) ManagedPolicy(arn string) (*policy.Document, bool) {
	p, ok := w.Policy(arn)
	if !ok {
		return nil, false
	}
	return p.Document(), true
}

// AddPolicy stores a new managed policy. The error is [ErrIAMExists] or [ErrIAMQuota].
func (w *World) AddPolicy(p *ManagedPolicy) error {
	quota := w.IAMQuotas(p.Account).Policies
	w.mu.Lock()
	defer w.mu.Unlock()
	made := 0
	for _, other := range w.iam.policies {
		if other.Account != p.Account {
			continue
		}
		made++
		if strings.EqualFold(other.Name, p.Name) {
			return ErrIAMExists
		}
	}
	if made >= quota {
		return ErrIAMQuota
	}
	w.storePolicy(p)
	return nil
}

// ChangePolicy has edit change a copy of a managed policy, stores it, and returns
// it; roles and users that have it follow at once. edit must not touch what slices
// and maps of the copy hold, only replace it. The error is that of edit, or [ErrNoEntity].
func (w *World) ChangePolicy(arn string, edit func(*ManagedPolicy) error) (*ManagedPolicy, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.iam.policies[arn]
	if !ok {
		return nil, ErrNoEntity
	}
	edited := *p
	if err := edit(&edited); err != nil {
		return nil, err
	}
	w.storePolicy(&edited)
	if edited.Default != p.Default {
		w.follow(arn)
	}
	return &edited, nil
}

// follow settles the roles and users that have a managed policy. w.mu is held.
func (w *World) follow(arn string) {
	for _, r := range w.roles {
		if r.has(arn) {
			edited := *r
			w.storeRole(&edited)
		}
	}
	for _, u := range w.iamUsers {
		if u.has(arn) {
			edited := *u
			w.storeUser(&edited)
		}
	}
}

func (e *Entity) has(arn string) bool {
	return e.BoundaryARN == arn || slices.Contains(e.Attached, arn)
}

// PolicyUse is how many roles and users of an account have a managed policy.
type PolicyUse struct{ Attached, Boundary int }

// RemovePolicy forgets a managed policy unless check refuses.
func (w *World) RemovePolicy(arn string, check func(*ManagedPolicy, PolicyUse) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.iam.policies[arn]
	if !ok {
		return ErrNoEntity
	}
	if err := check(p, w.policyUses(p.Account)[arn]); err != nil {
		return err
	}
	delete(w.iam.policies, arn)
	w.iam.listed.remove(p)
	return nil
}

// PolicyUses returns how often the managed policies are used in an account, by ARN.
func (w *World) PolicyUses(account string) map[string]PolicyUse {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.policyUses(account)
}

func (w *World) policyUses(account string) map[string]PolicyUse {
	uses := map[string]PolicyUse{}
	count := func(e *Entity) {
		if e.Account != account {
			return
		}
		for _, arn := range e.Attached {
			u := uses[arn]
			u.Attached++
			uses[arn] = u
		}
		if e.BoundaryARN != "" {
			u := uses[e.BoundaryARN]
			u.Boundary++
			uses[e.BoundaryARN] = u
		}
	}
	for _, r := range w.roles {
		count(&r.Entity)
	}
	for _, u := range w.iamUsers {
		count(&u.Entity)
	}
	return uses
}
