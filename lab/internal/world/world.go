package world

import (
	"errors"
	"slices"
	"sort"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// ErrNoBucket is the error of [World.ChangeBucket].
var ErrNoBucket = errors.New("there is no such bucket")

// World is the state of a lab. Create it with [New].
type World struct {
	Partition string
	// Region in which things lie that name none.
	Region string
	// Switches with every default filled in.
	Switches Switches
	// AllowList is the policy that STS attaches to sessions with an identity context.
	AllowList *policy.Document

	now        func() time.Time
	unmoved    func() time.Time // see [World.Past]; nil for now
	seal       *sealer
	management string              // account id
	delegated  map[string][]string // account ids by service principal
	// organizationID is empty without a management account; outside are accounts
	// that are not members.
	organizationID string
	outside        []string
	administrators administrators

	mu           guard
	swept        time.Time // when what is long over was last forgotten
	accounts     map[string]string
	firstAccount string
	roles        map[string]*Role         // by ARN
	iamUsers     map[string]*IAMUser      // by ARN
	providers    map[string]*OIDCProvider // by account + " " + issuer
	iam          *iamState
	instances    map[string]*Instance    // by ARN
	applications map[string]*Application // by ARN
	issuers      []*Issuer
	buckets      map[string]*Bucket       // by name
	accessGrants map[string]*AccessGrants // by account + " " + region
	sessions     map[string]*Session      // by access key id
	replays      int                      // of spent tokens
	repeats      map[repeatKey]repeat     // requests with a client token
	spent        map[string]time.Time     // issuer + token id, until when it is remembered
	refresh      map[string]*RefreshToken // Identity Center's refresh tokens
	contextsEnd  map[string]int           // the last round that is over: see [World.EndContexts]
	secrets      map[string]*Secret       // by ARN
	workGroups   map[string]*WorkGroup    // by account, region and name
	stacks       stacks
	trail        trail
	exports      exportCache
}

// Now is the lab's clock.
func (w *World) Now() time.Time { return w.now() }

// SetUnmoved names the clock that the lab's goes by where nobody moves it, for
// [World.Past]. It must be called before w is used.
func (w *World) SetUnmoved(clock func() time.Time) { w.unmoved = clock }

// Past is the time of which nothing need be remembered: the lab's, or that of the
// clock that nobody moves while the lab's is ahead of it. Whoever puts the clock back
// meets what was there before.
func (w *World) Past() time.Time {
	now := w.now()
	if w.unmoved == nil {
		return now
	}
	if at := w.unmoved(); at.Before(now) {
		return at
	}
	return now
}

// Account returns the name of an account and whether it exists.
func (w *World) Account(id string) (name string, ok bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	name, ok = w.accounts[id]
	return name, ok
}

// Role returns the role with the ARN.
func (w *World) Role(arn string) (*Role, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	r, ok := w.roles[arn]
	return r, ok
}

// IAMUser returns the IAM user with the ARN.
func (w *World) IAMUser(arn string) (*IAMUser, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	u, ok := w.iamUsers[arn]
	return u, ok
}

// HasPrincipal reports whether the ARN of a role or user that a policy names is
// that of one, as far as its account is of this world.
func (w *World) HasPrincipal(arn string) bool {
	if arnField(arn, 2) != "iam" || arnField(arn, 5) == "root" {
		return true
	}
	if _, ours := w.Account(arnField(arn, 4)); !ours {
		return true
	}
	_, role := w.Role(arn)
	_, user := w.IAMUser(arn)
	return role || user
}

// LiveSession returns the session of an access key if its role or user still
// exists, also when it has expired.
func (w *World) LiveSession(accessKeyID string) (*Session, bool) {
	s, ok := w.Session(accessKeyID)
	if !ok {
		return nil, false
	}
	if _, exists := w.IdentityPolicies(s); !exists {
		return nil, false
	}
	return s, true
}

// OIDCProvider returns the IAM OIDC provider of an account for an issuer.
func (w *World) OIDCProvider(account, issuer string) (*OIDCProvider, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	p, ok := w.providers[account+" "+issuer]
	return p, ok
}

// Application returns the Identity Center application with the ARN.
func (w *World) Application(arn string) (*Application, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	a, ok := w.applications[arn]
	return a, ok
}

// Instance returns the Identity Center instance with the ARN.
func (w *World) Instance(arn string) (*Instance, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	i, ok := w.instances[arn]
	return i, ok
}

// TrustedTokenIssuer returns the trusted token issuer of an instance by its ARN.
func (w *World) TrustedTokenIssuer(i *Instance, arn string) (*TrustedTokenIssuer, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	t, ok := i.issuers[arn]
	return t, ok
}

// Issuers returns the OIDC providers that the lab serves.
func (w *World) Issuers() []*Issuer {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return slices.Clone(w.issuers)
}

// Bucket returns a bucket by its name.
func (w *World) Bucket(name string) (*Bucket, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	b, ok := w.buckets[name]
	return b, ok
}

// Buckets returns all buckets in the order of their names.
func (w *World) Buckets() []*Bucket {
	w.mu.RLock()
	defer w.mu.RUnlock()
	all := make([]*Bucket, 0, len(w.buckets))
	for _, b := range w.buckets {
		all = append(all, b)
	}
	sort.Slice(all, func(a, b int) bool { return all[a].Name < all[b].Name })
	return all
}

// PutBucket stores a bucket in place of any other of its name.
func (w *World) PutBucket(b *Bucket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buckets[b.Name] = b
}

// ChangeBucket has change edit a copy of a bucket and stores it. Nobody else changes
// it meanwhile. The error is that of change, or [ErrNoBucket].
func (w *World) ChangeBucket(name string, change func(*Bucket) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, ok := w.buckets[name]
	if !ok {
		return ErrNoBucket
	}
	changed := *b
	if err := change(&changed); err != nil {
		return err
	}
	w.buckets[name] = &changed
	return nil
}

// CreateBucket stores a new bucket and reports whether the name was free.
func (w *World) CreateBucket(b *Bucket) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, taken := w.buckets[b.Name]; taken {
		return false
	}
	w.buckets[b.Name] = b
	return true
}

// DeleteBucket forgets a bucket.
func (w *World) DeleteBucket(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.buckets, name)
}

// Spend marks a token as used at a trusted token issuer (its ARN) and reports
// whether it was unused. id is its jti, or whatever else tells it from other tokens.
func (w *World) Spend(issuer, id string) bool {
	now := w.now()
	w.mu.Lock()
	defer w.mu.UnlockRuntime()
	key := issuer + " " + id
	if until, seen := w.spent[key]; seen && now.Before(until) {
		w.replays++
		return false
	}
	w.sweep()
	w.spent[key] = now.Add(time.Duration(*w.Switches.ReplayMemory) * time.Second)
	return true
}

// Replays is how often [World.Spend] was asked for a token that was used before.
func (w *World) Replays() int {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.replays
}
