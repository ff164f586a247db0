package world

import (
	"errors"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// Staging labels that Secrets Manager itself moves.
const (
	StageCurrent  = "AWSCURRENT"
	StagePrevious = "AWSPREVIOUS"
)

// Secret is a secret of Secrets Manager. One that came from a [World] is not changed any more.
type Secret struct {
	// ARN is arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-{6 characters}.
	ARN, Name, Account, Region string
	Description                string
	// KMSKeyID is a customer managed key; empty for the account's aws/secretsmanager.
	KMSKeyID string
	Tags     map[string]string
	// Policy is the resource policy, nil when there is none; PolicyText is the JSON of it.
	Policy     *policy.Document
	PolicyText string
	Created    time.Time
	Changed    time.Time
	// Accessed is the day on which a value was last read; zero for never.
	Accessed time.Time
	// Deleted is when the deletion was asked for, zero if it was not; Purged is
	// when it is done, and the secret gone.
	Deleted, Purged time.Time
	// Versions in the order in which they were made.
	Versions []SecretVersion
}

// SecretVersion is a version of a secret's value, a text or bytes.
type SecretVersion struct {
	ID       string
	Text     *string
	Binary   []byte
	Created  time.Time
	Accessed time.Time
	// Stages are its staging labels; one without any is deprecated.
	Stages []string
}

// Version returns the version with an id.
func (s *Secret) Version(id string) (*SecretVersion, bool) {
	return s.pick(func(v *SecretVersion) bool { return v.ID == id })
}

// Staged returns the version that has a staging label.
func (s *Secret) Staged(stage string) (*SecretVersion, bool) {
	return s.pick(func(v *SecretVersion) bool { return slices.Contains(v.Stages, stage) })
}

func (s *Secret) pick(is func(*SecretVersion) bool) (*SecretVersion, bool) {
	for i := range s.Versions {
		if is(&s.Versions[i]) {
			return &s.Versions[i], true
		}
	}
	return nil, false
}

// Stage moves a staging label to the version with an id. The version that
// AWSCURRENT leaves gets AWSPREVIOUS.
func (s *Secret) Stage(id, stage string) {
	from, had := s.Staged(stage)
	to, ok := s.Version(id)
	if !ok || had && from.ID == id {
		return
	}
	if had {
		left := from.ID
		from.Stages = slices.DeleteFunc(from.Stages, func(l string) bool { return l == stage })
		if stage == StageCurrent {
			s.Stage(left, StagePrevious)
		}
	}
	to.Stages = append(to.Stages, stage)
}

// clone is a secret that may be changed.
func (s *Secret) clone() *Secret {
	c := *s
	c.Tags, c.Versions = maps.Clone(s.Tags), slices.Clone(s.Versions)
	for i := range c.Versions {
		c.Versions[i].Stages = slices.Clone(c.Versions[i].Stages)
	}
	return &c
}

// Errors of [World.AddSecret] and [World.ChangeSecret].
var (
	ErrSecretExists = errors.New("a secret of that name exists")
	ErrNoSecret     = errors.New("there is no such secret")
)

// Secret returns the secret with a complete ARN, with one that lacks the hyphen
// and the six characters at its end, or, in an account and region, with a name.
func (w *World) Secret(account, region, id string) (*Secret, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, s := range w.secrets {
		own := s.Account == account && s.Region == region && s.Name == id
		if (own || s.ARN == id || partialARN(s) == id) && !w.purged(s) {
			return s, true
		}
	}
	return nil, false
}

// partialARN is the ARN without the hyphen and the six characters at its end;
// empty for a name that itself ends so: Secrets Manager takes such an ARN for a
// complete one (user guide, "Finding a secret from a partial ARN").
func partialARN(s *Secret) string {
	if n := len(s.Name) - 7; n >= 0 && s.Name[n] == '-' && secretSuffixForm.MatchString(s.Name[n+1:]) {
		return ""
	}
	return s.ARN[:strings.LastIndexByte(s.ARN, '-')]
}

func (w *World) purged(s *Secret) bool { return !s.Deleted.IsZero() && !w.now().Before(s.Purged) }

// Secrets returns the secrets of an account and region in the order of their
// names, those included whose deletion has been asked for.
func (w *World) Secrets(account, region string) []*Secret {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var found []*Secret
	for _, s := range w.secrets {
		if s.Account == account && s.Region == region && !w.purged(s) {
			found = append(found, s)
		}
	}
	sort.Slice(found, func(a, b int) bool { return found[a].Name < found[b].Name })
	return found
}

// AddSecret stores a new secret. The error is [ErrSecretExists] if its account
// and region have one of its name.
func (w *World) AddSecret(s *Secret) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.secrets, func(_ string, old *Secret) bool { return w.purged(old) })
	for _, old := range w.secrets {
		if old.Account == s.Account && old.Region == s.Region && old.Name == s.Name {
			return ErrSecretExists
		}
	}
	w.secrets[s.ARN] = s
	return nil
}

// ChangeSecret has change edit a copy of the secret with the ARN, stores it, and
// returns it. Nobody else changes it meanwhile. The error is that of change, or [ErrNoSecret].
func (w *World) ChangeSecret(arn string, change func(*Secret) error) (*Secret, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.secrets[arn]
	if !ok || w.purged(s) {
		return nil, ErrNoSecret
	}
	edited := s.clone()
	if err := change(edited); err != nil {
		return nil, err
	}
	w.secrets[arn] = edited
	return edited, nil
}

// RemoveSecret forgets the secret with the ARN.
func (w *World) RemoveSecret(arn string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.secrets, arn)
}

// SecretSuffix makes up the six letters and digits at the end of a secret's ARN.
func SecretSuffix() string { return uniqueID(6) }
