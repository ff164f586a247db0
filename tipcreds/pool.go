package tipcreds

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"unique"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// DefaultMaxUsers is how many users a [Pool] remembers.
const DefaultMaxUsers = 100_000

// PoolOptions configures a [Pool].
type PoolOptions struct {
	// Options are those of every user. Subject is not read.
	Options

	// MaxUsers bounds how many users are remembered. Beyond, the one who came
	// longest ago is forgotten. Who holds nothing of use any more (no credentials, no
	// refresh token, no JWT that was used and has not expired) goes when others come.
	// Whoever is forgotten needs a JWT that was not exchanged before, unless a
	// Cache has their session. Default: [DefaultMaxUsers].
	MaxUsers int
}

// Pool gives every user of a server credentials of their own. Make it with
// [NewPool]; it is safe for concurrent use, runs nothing in the background and needs
// no closing.
//
// A handler asks for the user of its request and hands the credentials over with
// every call:
//
//	user := pool.For(subject, token)
//	ctx = tipcreds.WithUser(ctx, user)
//	out, err := client.GetObject(ctx, input, func(o *s3.Options) { o.Credentials = user })
//
// Never put a provider that looks for the user in the context behind
// config.WithCredentialsProvider or an [aws.CredentialsCache]: the SDK keeps what it
// answered first and signs the next user's requests with it. Clients that are made
// from [Pool.Config] refuse such a request before it is sent.
type Pool struct {
	id        string // nobody else's
	exchanger *exchanger
	users     *directory
	owners    *owners
}

var _ fmt.Formatter = (*Pool)(nil)

// NewPool returns a pool of users of the role accessRoleARN, by way of the IAM
// Identity Center application applicationARN. Nothing is called yet. A refused
// argument or option gives an [*OptionError].
func NewPool(accessRoleARN, applicationARN string, optFns ...func(*PoolOptions)) (*Pool, error) {
	var o PoolOptions
	for _, fn := range optFns {
		fn(&o)
	}
	if o.MaxUsers == 0 {
		o.MaxUsers = DefaultMaxUsers
	}
	if o.MaxUsers < 0 {
		return nil, &OptionError{Option: "MaxUsers", Value: fmt.Sprint(o.MaxUsers), Err: ErrMaxUsers}
	}
	o.Subject = Subject{}
	x, err := newExchanger(accessRoleARN, applicationARN, &o.Options)
	if err != nil {
		return nil, err
	}
	return &Pool{id: rand.Text(), exchanger: x, users: newDirectory(o.MaxUsers, 2*x.options.Timeout), owners: newOwners()}, nil
}

// For returns the credentials of one user. The subject must be from a token that
// was verified: it alone decides whose credentials are handed out. token is asked for
// a JWT of that user when the ones at hand do not last any more, typically the one
// that came with the request; a JWT of anybody else is refused
// ([ErrSubjectMismatch]). Calls for the same user share credentials and renewals, and
// where a renewal fails by the JWT of one request, the others try with theirs.
//
// It does no I/O. A subject without issuer or id gets a user whose Retrieve fails.
func (p *Pool) For(subject Subject, token WebTokenProvider) *User {
	u := &User{pool: p, token: token}
	if !subject.complete() || token == nil {
		u.keeper = &keeper{exchanger: p.exchanger, subject: subject}
		u.err = &ExchangeError{Step: StepWebToken, Err: ErrNoSubject}
		if token == nil {
			u.err = &ExchangeError{Step: StepWebToken, Err: ErrTokenProviderMissing}
		}
		return u
	}
	u.keeper = p.users.keeper(subject, p.admit)
	return u
}

func (p *Pool) admit(k *keeper, subject Subject) {
	subject.Issuer = unique.Make(subject.Issuer).Value() // the few that there are, once each
	k.exchanger, k.subject, k.owners = p.exchanger, subject, p.owners
}

// Forget drops what is held of a user, in the Cache as well: at sign-out, or when
// they have lost a right. Credentials that were handed out last until they expire, and
// other processes go on with what they hold. What [Pool.For] returned before hands out none
// any more, neither those at hand nor those of a renewal under way: [ErrForgotten]. So
// nothing is vended for them after it, and what a package remembers by
// [User.Principal] is dropped for good by whoever drops it next. The error is that of
// the Cache; what this process holds is dropped in any case.
func (p *Pool) Forget(ctx context.Context, subject Subject) error {
	p.users.remove(subject)
	if p.exchanger.options.Cache == nil {
		return nil
	}
	k := &keeper{exchanger: p.exchanger, subject: subject}
	err := k.cacheDelete(ctx, k.cacheKey())
	p.users.remove(subject) // who came meanwhile and found the session that is gone now
	return err
}

// PoolStats are numbers of a [Pool].
type PoolStats struct {
	// Users are remembered at present.
	Users int
	// MaxUsers is [PoolOptions.MaxUsers].
	MaxUsers int
	// Forgotten were dropped for want of room since the pool was made, those with
	// expired credentials not counted.
	Forgotten uint64
}

// Stats returns the numbers of this moment.
func (p *Pool) Stats() PoolStats { return p.users.stats() }

// String implements fmt.Stringer without secrets.
func (p *Pool) String() string {
	return fmt.Sprintf("tipcreds.Pool{%s, %s, %d users}", p.exchanger.accessRoleARN, p.exchanger.applicationARN, p.Stats().Users)
}

// GoString implements fmt.GoStringer without secrets.
func (p *Pool) GoString() string { return p.String() }

// Format implements fmt.Formatter: every verb prints String.
func (p *Pool) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// User gives the credentials of one user of a [Pool]. It is meant for one request,
// whose token it asks, and safe for concurrent use. Handing it to another user's
// request is what must never happen; see [WithUser].
type User struct {
	pool   *Pool
	keeper *keeper
	token  WebTokenProvider
	err    error
}

var (
	_ aws.CredentialsProvider      = (*User)(nil)
	_ aws.CredentialProviderSource = (*User)(nil)
	_ fmt.Formatter                = (*User)(nil)
)

// Retrieve implements [aws.CredentialsProvider] as [Provider.Retrieve] does. If ctx
// carries another user ([WithUser]), it fails with a [*WrongUserError], and with
// [ErrForgotten] once [Pool.Forget] was called for the user since this handle was made.
//
// Other errors are of type [*ExchangeError], or the context's.
func (u *User) Retrieve(ctx context.Context) (aws.Credentials, error) {
	switch {
	case u == nil:
		return aws.Credentials{}, ErrNoUser
	case u.err != nil:
		return aws.Credentials{}, u.err
	}
	if of, ok := UserFrom(ctx); ok && of.keeper.subject != u.keeper.subject {
		return aws.Credentials{}, &WrongUserError{Context: of.Subject(), Signer: u.Subject()}
	}
	k := u.keeper
	if k.dropped.Load() && !k.signedOut.Load() { // for want of room, since For
		k = u.pool.users.keeper(k.subject, u.pool.admit)
	}
	c, err := k.retrieve(ctx, u.token, true)
	if err == nil && k.signedOut.Load() { // before, or meanwhile
		return aws.Credentials{}, errForgotten()
	}
	return c, err
}

func errForgotten() error { return &ExchangeError{Step: StepWebToken, Err: ErrForgotten} }

// ProviderSources implements [aws.CredentialProviderSource].
func (u *User) ProviderSources() []aws.CredentialSource {
	if u == nil {
		return nil
	}
	return u.keeper.sources()
}

// Subject is whose credentials these are.
func (u *User) Subject() Subject { return u.keeper.subject }

// String implements fmt.Stringer without secrets.
func (u *User) String() string { return fmt.Sprintf("tipcreds.User{%s}", u.keeper.subject) }

// GoString implements fmt.GoStringer without secrets.
func (u *User) GoString() string { return u.String() }

// Format implements fmt.Formatter: every verb prints String.
func (u *User) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }
