package tipcreds_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/tip-cli/tip-cli/tipcreds"
)

const vendedFor = time.Hour

// vendor answers GetDataAccess, AssumeRole and GetSessionToken with the key of who signed
// and a letter before it, and everything else with nothing.
func vendor(t testing.TB) aws.Config {
	t.Helper()
	const keys = `<Credentials><AccessKeyId>V%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>%s</Credentials>`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		key, _, _ := strings.Cut(rest, "/")
		expires := "<Expiration>" + time.Now().Add(vendedFor).UTC().Format(time.RFC3339) + "</Expiration>"
		w.Header().Set("Content-Type", "text/xml")
		switch action := r.Form.Get("Action"); {
		case strings.HasSuffix(r.URL.Path, "/dataaccess"):
			fmt.Fprintf(w, `<GetDataAccessResult>`+keys+`</GetDataAccessResult>`, key, expires)
		case action == "AssumeRole":
			fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult>`+keys+`</AssumeRoleResult></AssumeRoleResponse>`, key, expires)
		case action == "GetSessionToken":
			fmt.Fprintf(w, `<GetSessionTokenResponse><GetSessionTokenResult>`+keys+`</GetSessionTokenResult></GetSessionTokenResponse>`, key, "")
		default:
			fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>%s</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`, key)
		}
	}))
	t.Cleanup(s.Close)
	return aws.Config{Region: "eu-west-1", HTTPClient: redirected{s}, Retryer: quickRetryer}
}

// vend has one call answered with a key for the credentials of base.
type vend func(ctx context.Context, cfg aws.Config, base aws.CredentialsProvider) error

func dataAccess(ctx context.Context, cfg aws.Config, base aws.CredentialsProvider) error {
	client := s3control.NewFromConfig(cfg, func(o *s3control.Options) { o.Credentials = base })
	_, err := client.GetDataAccess(ctx, &s3control.GetDataAccessInput{AccountId: aws.String("444455556666"), Target: aws.String("s3://b/*"), Permission: "READ"})
	return err
}

func assumeRole(ctx context.Context, cfg aws.Config, base aws.CredentialsProvider) error {
	_, err := sts.NewFromConfig(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(accessRole), RoleSessionName: aws.String("s")}, as(base))
	return err
}

func sessionToken(ctx context.Context, cfg aws.Config, base aws.CredentialsProvider) error {
	_, err := sts.NewFromConfig(cfg).GetSessionToken(ctx, nil, as(base))
	return err
}

// TestGuardVended: a key that AWS vends for a user's is the user's, however their
// credentials are wrapped: nothing but the call's own signature tells whose it is.
func TestGuardVended(t *testing.T) {
	wrappers := map[string]func(*tipcreds.User) aws.CredentialsProvider{
		"bare":             func(u *tipcreds.User) aws.CredentialsProvider { return u },
		"CredentialsCache": func(u *tipcreds.User) aws.CredentialsProvider { return aws.NewCredentialsCache(u) },
		"of the context":   func(*tipcreds.User) aws.CredentialsProvider { return aws.NewCredentialsCache(fromContext()) },
		"copied": func(u *tipcreds.User) aws.CredentialsProvider {
			c, _ := u.Retrieve(context.Background())
			return credentials.StaticCredentialsProvider{Value: c}
		},
	}
	for call, ask := range map[string]vend{"GetDataAccess": dataAccess, "AssumeRole": assumeRole, "GetSessionToken": sessionToken} {
		for wrapper, wrap := range wrappers {
			t.Run(call+", "+wrapper, func(t *testing.T) {
				p := crowdPool(t)
				cfg := p.Config(vendor(t))
				first, second := userOf(p, 1), userOf(p, 2)
				ofFirst, ofSecond := tipcreds.WithUser(t.Context(), first), tipcreds.WithUser(t.Context(), second)
				if err := ask(ofFirst, cfg, wrap(first)); err != nil {
					t.Fatal(err)
				}
				key := "V" + keyOf(t, first)
				signer := as(credentials.NewStaticCredentialsProvider(key, "s", "t"))
				client := sts.NewFromConfig(cfg)
				if got, err := signedBy(ofFirst, client, signer); err != nil || got != key {
					t.Errorf("own: signed by %s: %v", got, err)
				}
				got, err := signedBy(ofSecond, client, signer)
				if wrong := wrongUser(t, err); got != "" || wrong.Signer != subjectOf(1) || wrong.Context != subjectOf(2) {
					t.Errorf("another's: signed by %s: %v", got, err)
				}
			})
		}
	}
}

// TestGuardVendedToOthers: what is vended for keys of nobody is nobody's.
func TestGuardVendedToOthers(t *testing.T) {
	p := crowdPool(t)
	cfg := p.Config(vendor(t))
	static := credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "x", "")
	if err := dataAccess(t.Context(), cfg, static); err != nil {
		t.Fatal(err)
	}
	got, err := signedBy(t.Context(), sts.NewFromConfig(cfg), as(credentials.NewStaticCredentialsProvider("VAKIAIOSFODNN7EXAMPLE", "s", "t")))
	if err != nil || got != "VAKIAIOSFODNN7EXAMPLE" {
		t.Errorf("signed by %s: %v", got, err)
	}
}

// TestVendedUntil: until they expire, or for as long as any last if they do not tell.
func TestVendedUntil(t *testing.T) {
	const grace = 15 * time.Minute
	type withEnd struct {
		Credentials *struct {
			AccessKeyId *string
			Expiration  *time.Time
		}
	}
	type endless struct{ AccessKeyId *string }
	for name, tt := range map[string]struct {
		answer func(key string) any
		until  time.Duration
	}{
		"expiry": {func(key string) any {
			out := &withEnd{Credentials: new(struct {
				AccessKeyId *string
				Expiration  *time.Time
			})}
			out.Credentials.AccessKeyId, out.Credentials.Expiration = &key, aws.Time(time.Now().Add(2*time.Hour))
			return out
		}, 2 * time.Hour},
		"no expiry": {func(key string) any { return &endless{&key} }, 12 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // begins at midnight, 1 January 2000
				p := crowdPool(t)
				first, second := userOf(p, 1), userOf(p, 2)
				vended := aws.Credentials{AccessKeyID: "VENDED", SecretAccessKey: "s"}
				p.Inherit(keyOf(t, first), tt.answer("VENDED"))
				time.Sleep(tt.until)
				second.Adopt(vended)
				if owner := ownerOf(t, p, vended); owner != subjectOf(1) {
					t.Errorf("within: %v", owner)
				}
				time.Sleep(grace + time.Second)
				second.Adopt(vended)
				if owner := ownerOf(t, p, vended); owner != subjectOf(2) {
					t.Errorf("past: %v", owner)
				}
			})
		})
	}
}

// TestVendedNothing: answers without credentials, or with none in them, are no answers of a vendor.
func TestVendedNothing(t *testing.T) {
	p := crowdPool(t)
	key := keyOf(t, userOf(p, 1))
	for _, answer := range []any{
		nil, "text", 1, &struct{ Credentials string }{"VENDED"}, &struct{ AccessKeyId string }{"VENDED"},
		&sts.GetCallerIdentityOutput{}, (*sts.AssumeRoleOutput)(nil), &sts.AssumeRoleOutput{}, &sts.AssumeRoleOutput{Credentials: &types.Credentials{}}, &s3control.GetDataAccessOutput{}, sts.AssumeRoleOutput{},
	} {
		for range 2 {
			p.Inherit(key, answer)
		}
	}
}
