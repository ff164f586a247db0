package grants_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/grants"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// A failure is found where the person does not get at the path, and only there, in worlds
// of random locations, grants, roles and bucket policies. What is unknown may be either.
//
// TIP_DIAG_ROUNDS is how many worlds are tried, TIP_DIAG_SEED the first. Where the rounds
// are given, every tenth broken world is mended by the commands of its findings too, which
// takes the AWS CLI.
func TestDifferential(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds: -short")
	}
	first, rounds := setting("TIP_DIAG_SEED", 1), setting("TIP_DIAG_ROUNDS", 40)
	mending := os.Getenv("TIP_DIAG_ROUNDS") != ""
	counts := map[string]int{}
	for seed := first; seed < first+rounds; seed++ {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			v, err := newVisit(t, seed)
			if err != nil {
				counts["are none"]++
				return
			}
			found, really := v.diagnose(), v.visit()
			verdict, wrong := compare(found, really)
			if counts[verdict]++; wrong {
				t.Errorf("%s: %s\n  really: %v%s", v, verdict, really, listed(found))
			} else if mending && really != nil && seed%10 == 0 {
				v.mend(found)
			}
		})
	}
	if t.Logf("of %d worlds: %v", rounds, counts); rounds >= 10 && 2*counts["are none"] > rounds {
		t.Error("most worlds are none: the dice make what the lab refuses")
	}
}

// setting is the number in a variable.
func setting(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// compare says how what was found and what really happens agree.
func compare(found []finding.Result, really error) (verdict string, wrong bool) {
	fails, unknown := withStatus(found, finding.Fail), withStatus(found, finding.Unknown)
	switch {
	case len(fails) > 0 && really != nil:
		return "stop with a finding", false
	// A grant to the role itself serves without an association; that people of the
	// directory have none is said nevertheless.
	case len(fails) > 0 && fails[0].ID == "grants.not-associated":
		return "work for the role alone", false
	case len(fails) > 0:
		return "works, and a failure is found", true
	case len(unknown) > 0:
		return "have an unknown", false
	case really != nil:
		return "stops, and no failure is found", true
	}
	return "work", false
}

func withStatus(all []finding.Result, status finding.Status) []finding.Result {
	var some []finding.Result
	for _, r := range all {
		if r.Status == status {
			some = append(some, r)
		}
	}
	return some
}

// listed are the failures and what is unknown, for people.
func listed(all []finding.Result) string {
	var b strings.Builder
	for _, r := range append(withStatus(all, finding.Fail), withStatus(all, finding.Unknown)...) {
		fmt.Fprintf(&b, "\n  %s %s at %s: %s", r.Status, r.ID, r.Culprit, r.Seen)
	}
	return b.String()
}

// visit is one person's way to a path in a random world.
type visit struct {
	*testing.T
	lab     *lab.Lab
	seed    int
	changes string
	target  string
	wanted  types.Permission
	chain   *chain.Chain
}

// newVisit has an error where the lab refuses the world, as AWS would.
func newVisit(t *testing.T, seed int) (*visit, error) {
	t.Helper()
	d, v := newDice(seed), &visit{T: t, seed: seed}
	l, err := lab.Start(t.Context(), lab.Options{Edit: func(w *lab.World) {
		d.world(w)
		v.changes = changed(w)
	}})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = l.Close() })
	v.lab = l
	v.target, v.wanted = d.question()
	return v, nil
}

func (v *visit) String() string {
	return fmt.Sprintf("seed %d, %s of %s, in the world%s\n", v.seed, v.wanted, v.target, v.changes)
}

func (v *visit) diagnose() []finding.Result {
	v.Helper()
	v.chain = chainTo(v.target)
	v.chain.Asked.Permission = string(v.wanted)
	asAdmin(v.lab, v.chain)
	asPerson(v.T, v.lab, v.chain)
	v.chain.Registration = &chain.Registration{ApplicationARN: labtest.ApplicationARN, InstanceARN: "arn:aws:sso:::instance/ssoins-1234567890abcdef"}
	v.chain.Person = &chain.Person{UserID: labtest.AnalystID, Groups: []string{"1234567890-cccccccc-3333-4ccc-8ccc-cccccccccccc"}, GroupsRead: true}
	return grants.Run(v.Context(), v.chain)
}

// visit does at the path what is wanted there, with credentials of Access Grants.
func (v *visit) visit() error {
	v.Helper()
	client := s3control.NewFromConfig(v.chain.Session.Config, s3agcreds.LoopbackEndpoint)
	provider, err := s3agcreds.NewProvider(client, labtest.ApplicationAccount, v.target, v.wanted)
	if err != nil {
		return err
	}
	grant, err := provider.Grant(v.Context())
	if err != nil {
		return err
	}
	keys := credentials.StaticCredentialsProvider{Value: grant.Credentials}
	errand := newErrand(v.lab, keys, v.target)
	if v.wanted != types.PermissionWrite {
		if err := errand.read(v.Context()); err != nil {
			return err
		}
	}
	if v.wanted == types.PermissionRead {
		return nil
	}
	return errand.write(v.Context())
}

// errand is what is done in S3.
type errand struct {
	client              *s3.Client
	bucket, prefix, key string
	object              bool
}

func newErrand(l *lab.Lab, keys aws.CredentialsProvider, target string) *errand {
	e := &errand{client: s3.NewFromConfig(labtest.Config(l, keys), func(o *s3.Options) { o.UsePathStyle = true })}
	e.bucket, e.key, _ = strings.Cut(strings.TrimPrefix(target, "s3://"), "/")
	e.prefix = strings.TrimSuffix(e.key, "*")
	e.object = e.key != "" && e.prefix == e.key && !strings.HasSuffix(e.key, "/")
	if !e.object {
		e.key = e.prefix + "example"
	}
	return e
}

// read lists, where there is more than one object, and gets one, there or not.
func (e *errand) read(ctx context.Context) error {
	if !e.object {
		if _, err := e.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &e.bucket, Prefix: &e.prefix}); err != nil {
			return err
		}
	}
	_, err := e.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &e.bucket, Key: &e.key})
	var answer smithy.APIError
	// Who may get an object and not list it is not told that there is none.
	if errors.As(err, &answer) && (answer.ErrorCode() == "NoSuchKey" || strings.Contains(answer.ErrorMessage(), "perform: s3:ListBucket")) {
		return nil
	}
	return err
}

func (e *errand) write(ctx context.Context) error {
	if _, err := e.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &e.bucket, Key: &e.key, Body: strings.NewReader("x")}); err != nil {
		return err
	}
	_, err := e.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &e.bucket, Key: &e.key})
	return err
}

// mostFixes are run at most; a world has many changes.
const mostFixes = 12

// mend runs the first fix, and looks again, until nothing fails: then the path is open. A
// fix without a command ends it.
func (v *visit) mend(found []finding.Result) {
	v.Helper()
	var ran strings.Builder
	for range mostFixes {
		fails := withStatus(found, finding.Fail)
		if len(fails) == 0 {
			if really := v.visit(); really != nil && len(withStatus(found, finding.Unknown)) == 0 {
				v.Errorf("%s: nothing fails, and %v after%s", v, really, ran.String())
			}
			return
		}
		command := fails[0].Fixes[0].Command
		if command == "" {
			return
		}
		fmt.Fprintf(&ran, "\n  %s: %s", fails[0].ID, command)
		if out, err := v.sh(command); err != nil {
			v.Errorf("%s: %v: %s%s", v, err, out, ran.String())
			return
		}
		found = v.diagnose()
	}
	v.Errorf("%s: still%s\nafter%s", v, listed(found), ran.String())
}

// sh runs a command as the administrator of the account.
func (v *visit) sh(command string) (string, error) {
	v.Helper()
	if _, err := exec.LookPath("aws"); err != nil {
		v.Skip("the AWS CLI is missing on this machine")
	}
	cmd := exec.CommandContext(v.Context(), "/bin/sh", "-euc", command)
	cmd.Env = append(labtest.Env(v.T, v.lab, lab.ProxyDoor, v.lab.Administrator(labtest.ApplicationAccount)), "AWS_PAGER=", "AWS_REGION=eu-west-1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
