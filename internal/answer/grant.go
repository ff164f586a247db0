package answer

import "time"

// The names that s3_creds.json and S3 GetDataAccess have.
const (
	readWrite = "READWRITE"
	minimal   = "Minimal"
	object    = "Object"
)

const (
	// GrantLife is how long S3 Access Grants has credentials last where no duration is
	// asked for.
	GrantLife = time.Hour
	// freshFor is how much life credentials need to be handed out as they are: the
	// window within which botocore renews credentials of its own accord.
	freshFor = 15 * time.Minute
)

// Window is how much life credentials of a duration need to be handed out as they are:
// botocore's window, less for short sessions, which would be renewed at every call
// otherwise.
func Window(life time.Duration) time.Duration { return min(freshFor, life/3) }

// Grant is a stored answer of S3 GetDataAccess, without its keys.
type Grant struct {
	// Target is the MatchedGrantTarget.
	Target string
	// Permission is READ, WRITE or READWRITE; TargetType Prefix or Object; Privilege
	// Default or Minimal; RequestedTarget the Target of the request.
	Permission, TargetType, Privilege, RequestedTarget string
	// Identity is whose it is, AccountID and Region are those of the instance, and Resolved
	// says that the request named no account.
	Identity, AccountID, Region string
	Resolved                    bool
	// Duration is what was asked for, zero for [GrantLife].
	Duration time.Duration
	// Expiration is the end of its life, ObtainedAt when it was stored, zero if nobody
	// wrote that down.
	Expiration, ObtainedAt time.Time
}

// GrantRequest is what S3 credentials are asked for.
type GrantRequest struct {
	Now time.Time
	// Target, Permission, TargetType and Privilege are as in [Grant]; an empty Privilege
	// is Default.
	Target, Permission, TargetType, Privilege string
	// Identity is who asks. Nobody gets anything.
	Identity string
	// AccountID is the account that the request names, Configured the one that the
	// configuration does, Caller the one of the role; each may be empty.
	AccountID, Configured, Caller string
	// Region is the one that is meant: named, configured, or of the environment. Without
	// one there is no answer.
	Region string
	// Duration is what is asked for, or zero; MinTTL the least life that is wanted, or zero.
	Duration, MinTTL time.Duration
}

// BestGrant returns the index of the grant that answers a request, -1 if none does: of
// those that do the one whose target is the longest, of these the one with the very
// permission, of these the one that lasts longest.
func BestGrant(grants []Grant, r *GrantRequest) int {
	best := -1
	for i := range grants {
		if r.ServedBy(&grants[i]) && (best < 0 || r.Prefers(&grants[i], &grants[best])) {
			best = i
		}
	}
	return best
}

// ServedBy reports whether a grant answers the request: it is the same person's, from the
// instance that is meant, reaches far enough, and lasts long enough.
func (r *GrantRequest) ServedBy(g *Grant) bool {
	return r.Matches(g) && r.outlives(g)
}

// Matches is [GrantRequest.ServedBy] without a look at the clock. A credential of the
// privilege Minimal answers nothing but the request that it was made for, and nothing
// else answers that one. One that does not say its region, as those of older versions may
// not, answers nobody.
func (r *GrantRequest) Matches(g *Grant) bool {
	if g.Identity == "" || g.Identity != r.Identity || g.Region == "" || g.Region != r.Region || !r.account(g) {
		return false
	}
	if r.Privilege == minimal || g.Privilege == minimal {
		return g.Privilege == r.Privilege && g.Permission == r.Permission && g.TargetType == r.TargetType &&
			SameTarget(g.RequestedTarget, r.Target)
	}
	return (g.Permission == r.Permission || g.Permission == readWrite && known(r.Permission)) && r.within(g)
}

// account reports whether a grant is of the instance that is meant. Where nobody names
// an account, it is the caller's, or one that was found for the same person.
func (r *GrantRequest) account(g *Grant) bool {
	switch {
	case r.AccountID != "":
		return g.AccountID == r.AccountID
	case r.Configured != "":
		return g.AccountID == r.Configured
	}
	return g.Resolved || g.AccountID != "" && g.AccountID == r.Caller
}

// known reports whether a permission is one that READWRITE includes.
func known(permission string) bool { return permission == "READ" || permission == "WRITE" }

// within reports whether the request lies within the target of a grant. What was asked
// for as one object whose name ends in a star is no prefix.
func (r *GrantRequest) within(g *Grant) bool {
	if g.TargetType == object && g.Target == g.RequestedTarget {
		return SameTarget(g.Target, r.Target) && (!wild(g.Target) || r.TargetType == object)
	}
	return Covers(g.Target, r.Target)
}

// outlives reports whether a grant lasts long enough, as [Judge] has it. Where a duration
// is asked for, those of a shorter one do not answer, those of the same or a longer one
// do to their end.
func (r *GrantRequest) outlives(g *Grant) bool {
	life := g.Duration
	if life == 0 {
		life = GrantLife
	}
	obtained := g.ObtainedAt
	if obtained.IsZero() {
		obtained = g.Expiration.Add(-life)
	}
	const theirs = "theirs" // which Matches has found out
	stored := Stored{
		Complete: true, Private: true, Fingerprint: theirs,
		Expiration: g.Expiration, ObtainedAt: obtained, RenewBefore: Window(life),
	}
	return life >= r.Duration && Judge(&stored, &Asked{Now: r.Now, Fingerprint: theirs, MinTTL: r.MinTTL}) == Serve
}

// Prefers reports whether of two grants that answer the request a is the better one.
func (r *GrantRequest) Prefers(a, b *Grant) bool {
	if m, n := reach(a.Target), reach(b.Target); m != n {
		return m > n
	}
	if m, n := a.Permission == r.Permission, b.Permission == r.Permission; m != n {
		return m
	}
	return a.Expiration.After(b.Expiration)
}

// reach is how long a target is; of a prefix and an object of that name the object's is
// longer.
func reach(target string) int {
	if wild(target) {
		return 2 * (len(target) - 1)
	}
	return 2*pathLen(target) + 1
}

const scheme = "s3://"

// wild reports whether a target ends in the wildcard.
func wild(target string) bool { return target != "" && target[len(target)-1] == '*' }

// Covers reports whether a target lies within that of a grant. The only wildcard of either
// is a star at the end; a bucket without a path has the slash that its grants
// have: "s3://b" is "s3://b/". It is what s3agcreds.Covers says of targets, which the
// fast path cannot ask.
func Covers(grant, target string) bool {
	if !wild(grant) {
		return SameTarget(grant, target)
	}
	prefix := grant[:len(grant)-1]
	if !begins(prefix, scheme) {
		return false
	}
	if wild(target) { // a prefix, all of which must lie within
		return begins(target[:len(target)-1], prefix)
	}
	return begins(target, prefix) || bare(target) && prefix[:len(prefix)-1] == target && prefix[len(target)] == '/'
}

// SameTarget reports whether two targets are the same; "s3://b" is "s3://b/".
func SameTarget(a, b string) bool {
	if len(a) == len(b) {
		return a == b
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	return bare(a) && len(b) == len(a)+1 && b[:len(a)] == a && b[len(a)] == '/'
}

// pathLen is the length of a target with the slash of a bucket.
func pathLen(target string) int {
	if bare(target) {
		return len(target) + 1
	}
	return len(target)
}

// bare reports whether a target is a bucket without a slash behind it.
func bare(target string) bool {
	if !begins(target, scheme) || len(target) == len(scheme) || wild(target) {
		return false
	}
	for i := len(scheme); i < len(target); i++ {
		if target[i] == '/' {
			return false
		}
	}
	return true
}

func begins(text, prefix string) bool {
	return len(text) >= len(prefix) && text[:len(prefix)] == prefix
}
