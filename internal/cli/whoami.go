package cli

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/config"
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
all the same. What may not be read is said, and is no error.

The identity context itself, which STS puts into the session, is opaque: only AWS
can read it. What is shown are the claims that IAM Identity Center gives with it.
No token and no key is ever shown. --offline shows what is on disk, expired or
not, and asks nobody.`,
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
	UserID      string             `json:"user_id"`
	User        *identityUser      `json:"user"`
	UserReason  string             `json:"user_reason,omitempty"`
	Groups      []identityGroup    `json:"groups"`
	GroupReason string             `json:"groups_reason,omitempty"`
	Center      identityCenter     `json:"identity_center"`
	IDToken     *identityToken     `json:"id_token"`
	TokenReason string             `json:"id_token_reason,omitempty"`
	Caller      *identityCaller    `json:"caller"`
	Left        identityExpiration `json:"time_left"`

	now time.Time
}

type identityUser struct {
	UserName    string `json:"user_name"`
	DisplayName string `json:"display_name"`
	Email       string `json:"email"`
}

type identityGroup struct {
	GroupID     string `json:"group_id"`
	DisplayName string `json:"display_name"`
}

// identityCenter are claims of Identity Center's ID token; "" is not known.
type identityCenter struct {
	InstanceARN           string `json:"instance_arn"`
	ApplicationARN        string `json:"application_arn"`
	IdentityStoreID       string `json:"identity_store_id"`
	IdentityStoreARN      string `json:"identity_store_arn"`
	TrustedTokenIssuerARN string `json:"trusted_token_issuer_arn"`
	CredentialID          string `json:"credential_id"`
}

// identityToken are claims of the identity provider's token.
type identityToken struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
	Email   string `json:"email"`
	Name    string `json:"name"`
}

// identityCaller is what STS says; offline what it said when the session was made.
type identityCaller struct {
	ARN         string `json:"arn"`
	Account     string `json:"account"`
	UserID      string `json:"user_id"`
	SessionName string `json:"role_session_name"`
}

type identityExpiration struct {
	RoleSession  *lifeLeft `json:"role_session"`
	IDToken      *lifeLeft `json:"id_token"`
	IDTokenSpent bool      `json:"id_token_spent"`
	// RefreshToken says that one is stored; nobody tells how long it lasts.
	RefreshToken   bool       `json:"refresh_token"`
	S3Credentials  int        `json:"s3_credentials"`
	S3NextExpiring *time.Time `json:"s3_credentials_next_expires_at"`
}

type lifeLeft struct {
	ExpiresAt time.Time `json:"expires_at"`
	Seconds   int64     `json:"seconds"`
}

func (a *app) whoami(ctx context.Context, offline bool) (*identity, error) {
	var role store.RoleCredentials
	if !offline {
		var err error
		if role, err = a.roleCredentials(ctx); err != nil {
			return nil, err
		}
	}
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
	held := lookBriefly(ctx, st, c)
	if offline && held.Role == nil && !held.Token.Stored {
		return nil, &session.SignInRequiredError{Reason: "nothing is on disk about who you are"}
	}
	w := &identity{Context: words[len(words)-1], Offline: offline, now: time.Now()}
	w.fromDisk(&held)
	if offline {
		w.UserReason, w.GroupReason = "not asked: --offline", "not asked: --offline"
		return w, nil
	}
	return w, a.askAWS(ctx, c, role, w)
}

// lookBriefly does not wait for a keyring that is locked: the role session needs none.
func lookBriefly(ctx context.Context, st *store.Store, c config.Config) session.Status {
	ctx, cancel := context.WithTimeout(ctx, keyringPatience)
	defer cancel()
	return session.Look(ctx, st, c, false)
}

// fromDisk fills in what is stored.
func (w *identity) fromDisk(held *session.Status) {
	if r := held.Role; r != nil {
		id := r.Identity
		w.UserID = r.UserID
		w.Center = identityCenter{id.InstanceARN, id.ApplicationARN, id.IdentityStoreID, id.IdentityStoreARN, id.TrustedTokenIssuerARN, id.CredentialID}
		w.Left.RoleSession = w.left(r.Expiration)
		if id.AssumedRoleARN != "" {
			w.Caller = &identityCaller{ARN: id.AssumedRoleARN, Account: r.AccountID, SessionName: sessionName(id.AssumedRoleARN)}
		}
	}
	if claims := held.Token.Claims; claims != nil {
		w.IDToken = &identityToken{claims.Issuer, claims.Subject, claims.Email, claims.Name}
		w.Left.IDToken, w.Left.IDTokenSpent = w.left(claims.Expiry), held.Token.Spent
	} else if w.TokenReason = "there is none"; held.Token.Unread != nil && held.Token.Stored {
		w.TokenReason = oneLine(held.Token.Unread.Error())
	}
	w.Left.RefreshToken, w.Left.S3Credentials, w.Left.S3NextExpiring = held.Token.Refreshable, len(held.S3), end(earliest(held.S3))
}

func (w *identity) left(ends time.Time) *lifeLeft {
	return &lifeLeft{ends.UTC(), secondsLeft(ends, w.now)}
}

// askAWS fills in what STS and the identity store say.
func (a *app) askAWS(ctx context.Context, c config.Config, role store.RoleCredentials, w *identity) error {
	s, err := a.sessionFor(c)
	if err != nil {
		return err
	}
	defer a.progress.begin("asking STS who this is")()
	caller, err := s.Caller(ctx, role)
	if err != nil {
		return err
	}
	w.Caller = &identityCaller{caller.ARN, caller.Account, caller.UserID, sessionName(caller.ARN)}
	a.progress.update("asking the identity store")
	user := s.DirectoryUser(ctx, role)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if w.UserReason = whyNot(user.Refused); user.Refused == nil {
		w.User = &identityUser{user.UserName, user.DisplayName, user.Email}
	}
	if w.GroupReason = whyNot(user.GroupsRefused); user.GroupsRefused == nil {
		w.Groups = []identityGroup{}
		for _, g := range user.Groups {
			w.Groups = append(w.Groups, identityGroup{g.ID, g.Name})
		}
	}
	return nil
}

// iamReason is the part of an IAM refusal that says why.
var iamReason = regexp.MustCompile(` on resource: \S+ (with an explicit deny in .*? policy|because no .*? policy allows)`)

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
	if m := iamReason.FindStringSubmatch(call.Err.Error()); m != nil {
		text += " (" + strings.Replace(strings.TrimPrefix(m[1], "because "), " allows", " allows it", 1) + ")"
	}
	return printable(text)
}

// sessionName is the end of the ARN of an assumed role.
func sessionName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

func earliest(times []time.Time) time.Time {
	var first time.Time
	for _, t := range times {
		if first.IsZero() || t.Before(first) {
			first = t
		}
	}
	return first
}
