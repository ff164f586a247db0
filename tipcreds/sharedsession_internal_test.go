package tipcreds

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
)

// TestSharedForm pins what replicas of different versions find in a cache that they
// share. A claim is not of a version and must never change: it is what keeps a JWT
// from being sent twice. Another form of a session takes another sessionFormat.
func TestSharedForm(t *testing.T) {
	k := &keeper{
		exchanger: &exchanger{
			accessRoleARN:  "arn:aws:iam::444455556666:role/Analyst",
			applicationARN: "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
			options:        Options{ApplicationRoleARN: "arn:aws:iam::444455556666:role/TIPApplication", Duration: time.Hour},
			webIdentity:    noWebIdentity{},
		},
		subject: Subject{Issuer: "https://idp.example.com", ID: "user"},
	}
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	m := &obtained{at: at, webToken: "jwt", Session: &Session{
		Credentials: aws.Credentials{
			AccessKeyID: "ASIA", SecretAccessKey: "secret", SessionToken: "token", Source: ProviderName, CanExpire: true,
			Expires: at.Add(time.Hour), AccountID: "444455556666",
		},
		ExpiresAt: at.Add(time.Hour), AssumedRoleARN: "arn", UserID: "id", ApplicationRefreshToken: "refresh",
	}}
	value, err := k.encodeSession(k.cacheKey(), m)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"claim":   "jwt-2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
		"session": "session-dc69f73110cbf123745d0d6415c8f904ad1cc9f9a5f46348c8ab4af334d1160c",
		"value": `{"key":"session-dc69f73110cbf123745d0d6415c8f904ad1cc9f9a5f46348c8ab4af334d1160c","accessKeyId":"ASIA","secretAccessKey":"secret","sessionToken":"token","obtained":"2026-01-01T12:00:00Z",` +
			`"expires":"2026-01-01T13:00:00Z","accountId":"444455556666","assumedRoleArn":"arn","userId":"id","refreshToken":"refresh","webToken":"jwt"}`,
	}
	got := map[string]string{"claim": claimKey("x"), "session": k.cacheKey(), "value": string(value)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	read, err := decodeSession(value, k.cacheKey())
	if diff := cmp.Diff(m, read, cmp.AllowUnexported(obtained{})); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// noWebIdentity stands where an application role would be assumed.
type noWebIdentity struct{ AssumeRoleWithWebIdentityAPI }

// TestOwnersForgetExpiredKeys: the index of keys does not grow with time.
func TestOwnersForgetExpiredKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOwners()
		const each = 20_000
		for round := range 5 {
			for i := range each {
				o.add(fmt.Sprint(round, "-", i), Subject{ID: "user"}, time.Now().Add(time.Hour))
			}
			time.Sleep(2 * time.Hour)
		}
		var n int
		for i := range o.shards {
			n += len(o.shards[i].keys)
		}
		if n > 2*each+manyShards*minClean {
			t.Errorf("%d keys, of which none has not expired", n)
		}
		if _, ok := o.of("4-0"); !ok {
			t.Error("the last ones are looked for only when others come")
		}
	})
}
