package tipcreds_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// TestPrincipalOfUsers: one person of one pool has one principal, and nobody else has.
func TestPrincipalOfUsers(t *testing.T) {
	c := &crowdSTS{clients: clients{life: time.Hour}, tokenBytes: 100}
	p, other := pool(t, c, c, func(o *tipcreds.PoolOptions) { o.MaxUsers = 2 }), pool(t, c, c)
	first := userOf(p, 1)
	name := first.Principal()
	if name == "" || name != userOf(p, 1).Principal() {
		t.Fatalf("%q, then %q", name, userOf(p, 1).Principal())
	}
	if _, err := first.Retrieve(t.Context()); err != nil || first.Principal() != name {
		t.Errorf("with credentials: %q, %v", first.Principal(), err)
	}
	for who, u := range map[string]*tipcreds.User{
		"another user": userOf(p, 2), "of another pool": userOf(other, 1),
		"of another issuer":           p.For(tipcreds.Subject{Issuer: subjectOf(1).Issuer + "/b", ID: subjectOf(1).ID}, token("")),
		"issuer and id cut elsewhere": p.For(tipcreds.Subject{Issuer: subjectOf(1).Issuer + "u", ID: subjectOf(1).ID[1:]}, token("")),
	} {
		if got := u.Principal(); got == "" || got == name {
			t.Errorf("%s: %q", who, got)
		}
	}
	if got := userOf(p, 1).Principal(); got != name { // for whom there was no room
		t.Errorf("after they were dropped: %q", got)
	}
	if err := p.Forget(t.Context(), subjectOf(1)); err != nil || userOf(p, 1).Principal() != name || first.Principal() != name {
		t.Errorf("after they signed out: %q, %v", userOf(p, 1).Principal(), err)
	}
	for _, part := range []string{subjectOf(1).ID, subjectOf(1).Issuer, accessRole} {
		if strings.Contains(name, part) {
			t.Errorf("%q is in %q", part, name)
		}
	}
	var nobody *tipcreds.User
	if nobody.Principal() != "" || p.For(tipcreds.Subject{}, token("")).Principal() != "" || p.For(subjectOf(9), nil).Principal() != "" {
		t.Error("nobody has a principal")
	}
}

// TestPrincipalOfProviders: theirs is known once it is known whose they are.
func TestPrincipalOfProviders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clients{life: time.Hour}
		told := retriever(t, c, token(userToken(1)), func(o *tipcreds.Options) { o.Subject = subjectOf(1) })
		name := told.Principal()
		learning := retriever(t, c, func(context.Context) (string, error) { return userToken(1), nil })
		if got := learning.Principal(); name == "" || got != "" {
			t.Errorf("%q, before the first exchange %q", name, got)
		}
		for range 2 { // exchanged, and renewed
			if mustRetrieve(t, learning); learning.Principal() != name {
				t.Errorf("%q, want %q", learning.Principal(), name)
			}
			time.Sleep(2 * time.Hour)
		}
		for what, edit := range map[string]func(*tipcreds.Options){
			"another user": func(o *tipcreds.Options) { o.Subject = subjectOf(2) },
			"a further context": func(o *tipcreds.Options) {
				o.Subject = subjectOf(1)
				o.ExtraContexts = []ststypes.ProvidedContext{{ProviderArn: aws.String("arn:aws:iam::aws:contextProvider/Other"), ContextAssertion: aws.String("canary")}}
			},
		} {
			if got := retriever(t, c, token(""), edit).Principal(); got == "" || got == name || strings.Contains(got, "canary") {
				t.Errorf("%s: %q", what, got)
			}
		}
		for what, arns := range map[string][2]string{"another role": {accessRole + "2", application}, "another application": {accessRole, application + "0"}} {
			p, err := tipcreds.New(arns[0], arns[1], token(""), func(o *tipcreds.Options) { o.STSClient, o.SSOOIDCClient, o.Subject = c, c, subjectOf(1) })
			if err != nil || p.Principal() == name {
				t.Errorf("%s: %v", what, err)
			}
		}
		if got := userOf(pool(t, c, c), 1).Principal(); got == name {
			t.Error("a pool's user has a provider's principal")
		}
	})
}

// TestPrincipalCostsNothing once it was asked for.
func TestPrincipalCostsNothing(t *testing.T) {
	u := userOf(crowdPool(t), 1)
	u.Principal()
	if n := testing.AllocsPerRun(100, func() { u.Principal() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestGuardAdopted: credentials that AWS vended for a user's are guarded as their own.
func TestGuardAdopted(t *testing.T) {
	p := crowdPool(t)
	cfg, sent := mirror(t)
	client := sts.NewFromConfig(p.Config(cfg))
	first, second := userOf(p, 1), userOf(p, 2)
	vended := aws.Credentials{AccessKeyID: "ASIAVENDED", SecretAccessKey: "secret", SessionToken: "token", CanExpire: true, Expires: time.Now().Add(time.Hour)}
	signer := as(credentials.StaticCredentialsProvider{Value: vended})
	first.Adopt(vended)
	second.Adopt(vended) // who has no right to them
	if key, err := signedBy(tipcreds.WithUser(t.Context(), first), client, signer); err != nil || key != "ASIAVENDED" {
		t.Errorf("own: %s, %v", key, err)
	}
	_, err := signedBy(tipcreds.WithUser(t.Context(), second), client, signer)
	if wrong := wrongUser(t, err); wrong.Signer != subjectOf(1) || wrong.Context != subjectOf(2) {
		t.Error(err)
	}
	_, err = signedBy(t.Context(), client, signer)
	if wrong := wrongUser(t, err); wrong.Signer != subjectOf(1) || sent() != 1 {
		t.Errorf("%d sent: %v", sent(), err)
	}
	var nobody *tipcreds.User
	nobody.Adopt(vended)
	p.For(tipcreds.Subject{}, token("")).Adopt(vended)
}

// TestAdoptedUntil: until they expire, or for as long as any last if they do not tell.
func TestAdoptedUntil(t *testing.T) {
	const grace = 15 * time.Minute
	for name, tt := range map[string]struct {
		vended aws.Credentials
		until  time.Duration
	}{
		"expiry":    {aws.Credentials{CanExpire: true, Expires: time.Date(2000, 1, 1, 2, 0, 0, 0, time.UTC)}, 2 * time.Hour},
		"no expiry": {aws.Credentials{}, 12 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // begins at midnight, 1 January 2000
				p := crowdPool(t)
				tt.vended.AccessKeyID, tt.vended.SecretAccessKey = "ASIAVENDED", "secret"
				first, second := userOf(p, 1), userOf(p, 2)
				first.Adopt(tt.vended)
				time.Sleep(tt.until)
				second.Adopt(tt.vended)
				if owner := ownerOf(t, p, tt.vended); owner != subjectOf(1) {
					t.Errorf("within: %v", owner)
				}
				time.Sleep(grace + time.Second)
				second.Adopt(tt.vended)
				if owner := ownerOf(t, p, tt.vended); owner != subjectOf(2) {
					t.Errorf("past: %v", owner)
				}
			})
		})
	}
}

// ownerOf asks the guard whose a key is.
func ownerOf(t *testing.T, p *tipcreds.Pool, key aws.Credentials) tipcreds.Subject {
	t.Helper()
	cfg := aws.Config{Region: "eu-west-1", HTTPClient: roundTrip(nil)}
	_, err := signedBy(t.Context(), sts.NewFromConfig(p.Config(cfg)), as(credentials.StaticCredentialsProvider{Value: key}))
	return wrongUser(t, err).Signer
}

// BenchmarkPrincipal measures a principal that was asked for before. Run it with
// go test -run '^$' -bench Principal -benchmem ./tipcreds
func BenchmarkPrincipal(b *testing.B) {
	u := userOf(crowdPool(b), 1)
	b.ReportAllocs()
	for b.Loop() {
		_ = u.Principal()
	}
}
