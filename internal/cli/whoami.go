package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/lazyregexp"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

func newWhoami(a *app) *cobra.Command {
	var f format
	var offline bool
	cmd := &cobra.Command{
		Use: "whoami", Short: "Show who you are to AWS: user, groups, role session and the time left",
		Long: `Shows whom your credentials speak for: the user of IAM Identity Center and the
application that vouches for it, the identity of the ID token, what STS says of
the role session, the user's names and groups, and how long everything lasts.

The credentials are renewed first if they have to be, as by any command. The names
and the groups come from the Identity Store, if the role may read it: it needs
identitystore:DescribeUser, ListGroupMembershipsForMember and DescribeGroup, and
the session policy that AWS attaches to identity-enhanced sessions may forbid them
all the same. What may not be read is said, and is no error. At most 500 groups are
listed, and the names of 50 of them asked for; the others are told by their ids.
The identity store is given ten seconds in all.

The identity context itself, which STS puts into the session, is opaque: only AWS
can read it. What is shown are the claims that IAM Identity Center gives with it.
No token and no key is ever shown. --offline shows what is on disk, expired or
not, and asks nobody but, for three seconds at most, the OS keyring.

With --output json it is an object. What is not known is null; user_reason,
groups_reason, id_token_reason and the members called unread say why, and are there
only then. The object has context, offline, user_id, user (user_name, display_name,
email), groups (a list of group_id, display_name), groups_truncated, identity_center
(instance_arn, application_arn, identity_store_id, identity_store_arn,
trusted_token_issuer_arn, credential_id), id_token (issuer, subject, email, name),
caller (arn, account, user_id, role_session_name) and time_left (role_session and
id_token: expires_at, seconds; role_session_unread, id_token_spent, refresh_token,
s3_credentials: count, next_expires_at, unread). docs/output.md explains them.`,
		Example: `  tip-cli whoami
  tip-cli whoami --offline
  tip-cli whoami --output json`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.whoami(cmd.Context(), offline)
			if err != nil {
				return err
			}
			if f == formatJSON {
				return a.printJSON(w)
			}
			return a.printTable(nil, w.rows())
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&offline, "offline", false, "show what is on disk, and ask nobody")
	return cmd
}

// identity is the JSON of whoami. What is not known is null, and why is beside it.
type identity struct {
	Context     string             `json:"context"`
	Offline     bool               `json:"offline"`
	UserID      known              `json:"user_id"`
	User        *identityUser      `json:"user"`
	UserReason  string             `json:"user_reason,omitempty"`
	Groups      []identityGroup    `json:"groups"`
	MoreGroups  bool               `json:"groups_truncated"`
	GroupReason string             `json:"groups_reason,omitempty"`
	Center      identityCenter     `json:"identity_center"`
	IDToken     *identityToken     `json:"id_token"`
	TokenReason string             `json:"id_token_reason,omitempty"`
	Caller      *identityCaller    `json:"caller"`
	Left        identityExpiration `json:"time_left"`

	now time.Time
	// unread says that the tokens cannot be read at all.
	unread bool
}

type identityUser struct {
	UserName    known `json:"user_name"`
	DisplayName known `json:"display_name"`
	Email       known `json:"email"`
}

type identityGroup struct {
	GroupID     string `json:"group_id"`
	DisplayName known  `json:"display_name"`
}

// identityCenter are claims of Identity Center's ID token.
type identityCenter struct {
	InstanceARN           known `json:"instance_arn"`
	ApplicationARN        known `json:"application_arn"`
	IdentityStoreID       known `json:"identity_store_id"`
	IdentityStoreARN      known `json:"identity_store_arn"`
	TrustedTokenIssuerARN known `json:"trusted_token_issuer_arn"`
	CredentialID          known `json:"credential_id"`
}

// identityToken are claims of the identity provider's token.
type identityToken struct {
	Issuer  known `json:"issuer"`
	Subject known `json:"subject"`
	Email   known `json:"email"`
	Name    known `json:"name"`
}

func personOf(claims *oidclogin.Claims) *identityToken {
	return &identityToken{known(claims.Issuer), known(claims.Subject), known(claims.Email), known(claims.Name)}
}

// identityCaller is what STS says; offline what it said when the session was made.
type identityCaller struct {
	ARN         known `json:"arn"`
	Account     known `json:"account"`
	UserID      known `json:"user_id"`
	SessionName known `json:"role_session_name"`
}

type identityExpiration struct {
	RoleSession  *lifeLeft `json:"role_session"`
	RoleUnread   string    `json:"role_session_unread,omitempty"`
	IDToken      *lifeLeft `json:"id_token"`
	IDTokenSpent bool      `json:"id_token_spent"`
	// RefreshToken says that one is stored; nobody tells how long it lasts.
	RefreshToken bool    `json:"refresh_token"`
	S3           stateS3 `json:"s3_credentials"`
}

type lifeLeft struct {
	ExpiresAt time.Time `json:"expires_at"`
	Seconds   int64     `json:"seconds"`
}

func (a *app) whoami(ctx context.Context, offline bool) (*identity, error) {
	st, err := a.store()
	if err != nil {
		return nil, err
	}
	c, err := a.validConfig()
	if err != nil {
		return nil, err
	}
	words, err := a.contextWords()
	if err != nil {
		return nil, err
	}
	w := &identity{Context: words[len(words)-1], Offline: offline, UserReason: "not asked: --offline", GroupReason: "not asked: --offline"}
	if !offline {
		if err := a.askAWS(ctx, c, w); err != nil {
			return nil, err
		}
	}
	held := lookBriefly(ctx, st, c)
	if offline && held.Role == nil && !held.Token.Stored && unread(held.RoleUnread)+unread(held.Token.Unread) == "" {
		return nil, &session.SignInRequiredError{Reason: "nothing is on disk about who you are"}
	}
	w.now = time.Now()
	w.fromDisk(&held)
	return w, ctx.Err()
}

// lookBriefly does not wait for a keyring that is locked: the role session needs none.
func lookBriefly(ctx context.Context, st *store.Store, c config.Config) session.Status {
	briefly, cancel := context.WithTimeout(ctx, keyringPatience)
	defer cancel()
	held := session.Look(briefly, st, c, false)
	if errors.Is(held.Token.Unread, context.DeadlineExceeded) {
		held.Token.Unread = fmt.Errorf("the OS keyring, which has the key that seals it, did not answer within %s", keyringPatience)
	}
	return held
}

// fromDisk fills in what is stored, beside what AWS has said.
func (w *identity) fromDisk(held *session.Status) {
	w.Left.RoleUnread = unread(held.RoleUnread)
	if r := held.Role; r != nil {
		id := r.Identity
		w.UserID = known(r.UserID)
		w.Center = identityCenter{
			known(id.InstanceARN), known(id.ApplicationARN), known(id.IdentityStoreID),
			known(id.IdentityStoreARN), known(id.TrustedTokenIssuerARN), known(id.CredentialID),
		}
		w.Left.RoleSession = w.left(r.Expiration)
		if id.AssumedRoleARN != "" && w.Caller == nil {
			w.Caller = &identityCaller{ARN: known(id.AssumedRoleARN), Account: known(r.AccountID), SessionName: sessionName(id.AssumedRoleARN)}
		}
	}
	t := &held.Token
	if t.Claims != nil {
		w.IDToken = personOf(t.Claims)
		w.Left.IDToken, w.Left.IDTokenSpent = w.left(t.Claims.Expiry), t.Spent
	} else if w.TokenReason = "there is none"; unread(t.Unread) != "" {
		w.TokenReason, w.unread = "cannot be read: "+unread(t.Unread), !t.Stored
	}
	w.Left.RefreshToken, w.Left.S3 = t.Refreshable, s3Of(held)
}

func (w *identity) left(ends time.Time) *lifeLeft {
	return &lifeLeft{ends.UTC(), secondsLeft(ends, w.now)}
}

// askAWS fills in what STS and the identity store say.
func (a *app) askAWS(ctx context.Context, c config.Config, w *identity) error {
	s, err := a.sessionFor(c)
	if err != nil {
		return err
	}
	defer a.progress.begin("asking STS who this is")()
	role, caller, err := s.Introduced(ctx)
	if err != nil {
		return err
	}
	w.Caller = &identityCaller{known(caller.ARN), known(caller.Account), known(caller.UserID), sessionName(caller.ARN)}
	a.progress.update("asking the identity store")
	user := s.DirectoryUser(ctx, role)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if w.UserReason = whyNot(user.Refused); user.Refused == nil {
		w.User = &identityUser{known(user.UserName), known(user.DisplayName), known(user.Email)}
	}
	if w.GroupReason = whyNot(user.GroupsRefused); user.GroupsRefused == nil {
		w.Groups, w.MoreGroups = []identityGroup{}, user.MoreGroups
		for _, g := range user.Groups {
			w.Groups = append(w.Groups, identityGroup{g.ID, known(g.Name)})
		}
	}
	return nil
}

// iamReason is the part of an IAM refusal that says why.
var iamReason = lazyregexp.New(` on resource: \S+ (with an explicit deny in .*? policy|because no .*? policy allows)`)

// whyNot says in a line why something is not known, "" if it is.
func whyNot(err error) string {
	call, ok := errors.AsType[*session.CallError](err)
	switch {
	case err == nil:
		return ""
	case !ok:
		return "not known: " + oneLine(err.Error())
	case !call.Denied():
		return "not available: " + oneLine(call.Error())
	}
	text := "not permitted: " + call.Operation
	if m := iamReason().FindStringSubmatch(call.Err.Error()); m != nil {
		text += " (" + strings.Replace(strings.TrimPrefix(m[1], "because "), " allows", " allows it", 1) + ")"
	}
	return printable(text)
}

// sessionName is the end of the ARN of an assumed role.
func sessionName(arn string) known { return known(arn[strings.LastIndexByte(arn, '/')+1:]) }

func earliest(times []time.Time) time.Time {
	var first time.Time
	for _, t := range times {
		if first.IsZero() || t.Before(first) {
			first = t
		}
	}
	return first
}
