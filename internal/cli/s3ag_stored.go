package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/store"
)

func newListCredentials(a *app) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use: "list-credentials", Short: "List the stored S3 credentials",
		Long: `Lists the S3 credentials that are stored here, expired ones as well: what they are
for, for how long, and whose they are: the user of the identity store, and the
group or the role that the grant was made to, if not to the user. It asks nobody.
AUDIT is "yes" for those that were vended with --audit-context: only requests with
the same one are answered with them. "-" stands for what is not known: the original
stores neither account nor identity. No key is shown.

With --output json it is a list of objects; docs/output.md explains their members.`,
		Example: `  tip-cli s3ag list-credentials
  tip-cli s3ag list-credentials --output json`,
		Args: exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			st, err := a.store()
			if err != nil {
				return err
			}
			entries, err := st.LoadS3()
			if err != nil {
				return err
			}
			role, err := st.LoadRole()
			if err != nil {
				role = store.RoleCredentials{} // the list is of something else
			}
			return a.printGrants(entries, &role, f)
		},
	}
	f.register(cmd)
	return cmd
}

// printGrants prints stored S3 credentials. The role session is that of the person.
func (a *app) printGrants(entries []store.S3Entry, role *store.RoleCredentials, f format) error {
	if f == formatJSON {
		list := make([]listedGrant, len(entries)) // [] and not null
		for i := range entries {
			list[i] = newListedGrant(&entries[i], role)
		}
		return a.printJSON(list)
	}
	if len(entries) == 0 {
		a.say("There are no stored S3 credentials. Get some: tip-cli s3ag get-data-access S3_PATH")
		return nil
	}
	var rows [][]cell
	for i := range entries {
		e := &entries[i]
		row := cells(e.Target, e.Permission, expiry(e.Expiration), e.Privilege,
			orElse(e.AccountID, "-"), orElse(e.Region, "-"), yesNo(audited(e, role)), orElse(whose(e), "-"))
		if time.Until(e.Expiration) <= 0 {
			for i := range row {
				row[i].style = faint
			}
		}
		rows = append(rows, row)
	}
	header := []string{"TARGET", "PERMISSION", "EXPIRES", "PRIVILEGE", "ACCOUNT", "REGION", "AUDIT", "IDENTITY"}
	return a.printTable(header, a.fitted(header, rows))
}

// whose are stored credentials: the person's, and by which group or role.
func whose(e *store.S3Entry) string {
	by := ""
	switch {
	case e.GranteeID == "" || e.GranteeID == e.UserID:
	case e.GranteeType == "DIRECTORY_GROUP":
		by = "by group " + e.GranteeID
	case e.GranteeType == "IAM":
		by = "by " + e.GranteeID
	default:
		by = "for " + e.GranteeID
	}
	return strings.TrimSpace(e.UserID + " " + by)
}

// audited reports whether stored credentials were vended with an audit context, nil if
// that cannot be told. All that is stored of it is that Identity is not the person's plain
// one, so that credentials for another configuration look the same; they go when
// that is changed by a command.
func audited(e *store.S3Entry, role *store.RoleCredentials) *bool {
	with := e.Identity != role.S3Identity
	if role.S3Identity == "" || with && e.UserID != role.UserID {
		return nil
	}
	return &with
}

func yesNo(b *bool) string {
	switch {
	case b == nil:
		return "-"
	case *b:
		return "yes"
	}
	return "no"
}

// listedGrant is an entry without its keys.
type listedGrant struct {
	Target     string     `json:"target"`
	Permission string     `json:"permission"`
	TargetType string     `json:"target_type"`
	Privilege  string     `json:"privilege"`
	AccountID  known      `json:"account_id"`
	Region     known      `json:"region"`
	Expiration time.Time  `json:"expiration"`
	Seconds    int64      `json:"seconds"`
	ObtainedAt *time.Time `json:"obtained_at"`
	Audited    *bool      `json:"audit_context"`
	UserID     known      `json:"user_id"`
	Grantee    *grantee   `json:"grantee"`
}

// grantee is to whom a grant was made.
type grantee struct {
	Type known  `json:"type"`
	ID   string `json:"id"`
}

func newListedGrant(e *store.S3Entry, role *store.RoleCredentials) listedGrant {
	listed := listedGrant{
		Target: e.Target, Permission: e.Permission, TargetType: e.TargetType, Privilege: e.Privilege,
		AccountID: known(e.AccountID), Region: known(e.Region), Audited: audited(e, role), UserID: known(e.UserID),
		Expiration: e.Expiration.UTC(), Seconds: secondsLeft(e.Expiration, time.Now()), ObtainedAt: end(e.ObtainedAt),
	}
	if e.GranteeID != "" {
		listed.Grantee = &grantee{known(e.GranteeType), e.GranteeID}
	}
	return listed
}

// expiry says when credentials end, for a person.
func expiry(at time.Time) string {
	text := at.Local().Format("2006-01-02 15:04:05")
	if left := time.Until(at); left <= 0 {
		return text + " (expired)"
	}
	return text
}

func newClearCredentials(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "clear-credentials [TARGET]", Short: "Delete stored S3 credentials, all or those of a target",
		Long: `Deletes the S3 credentials that are stored here: all, or those of one target as
"tip-cli s3ag list-credentials" shows it; a bucket may have a slash at its end or
not. It is an error (exit code 1) if there are none of it. S3 takes credentials
that were handed out until they expire.`,
		Example: `  tip-cli s3ag clear-credentials
  tip-cli s3ag clear-credentials 's3://example-bucket/prefix/*'`,
		Args: between(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			target := ""
			if len(args) == 1 {
				if target = args[0]; target == "" {
					return usage(cmd, errors.New("the target is empty"))
				}
			}
			st, err := a.store()
			if err != nil {
				return err
			}
			n, err := a.clearS3(cmd.Context(), st, target)
			if err != nil {
				return err
			}
			a.say("Deleted %s.", counted(n, "entry of stored S3 credentials", "entries of stored S3 credentials"))
			return nil
		},
	}
}

// clearPatience bounds how long clear-credentials waits for those who store some.
const clearPatience = 10 * time.Second

// clearS3 deletes the entries of a target, or all of them if it is "", and counts them.
func (a *app) clearS3(ctx context.Context, st *store.Store, target string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, clearPatience)
	defer cancel()
	defer a.progress.begin(waitingForOthers)()
	n, err := st.ClearS3(ctx, target)
	if err != nil || n > 0 || target == "" {
		return n, err
	}
	entries, err := st.LoadS3()
	if err != nil {
		return 0, err
	}
	var there []string
	for _, e := range entries {
		there = append(there, e.Target)
	}
	return 0, &targetError{target: target, near: nearest(target, there)}
}

// targetError says that there are no stored credentials of a target.
type targetError struct{ target, near string }

// Error implements error.
func (e *targetError) Error() string {
	return fmt.Sprintf("there are no stored S3 credentials of %.100q", e.target)
}

// Hint is the target that may have been meant.
func (e *targetError) Hint() string {
	if e.near == "" {
		return "see: tip-cli s3ag list-credentials"
	}
	return fmt.Sprintf("did you mean %.100q? See: tip-cli s3ag list-credentials", e.near)
}
