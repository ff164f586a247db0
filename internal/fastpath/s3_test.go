package fastpath_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/fastpath"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// sameAsStore wants of a text that is accepted that the store reads the same of it, and
// that encoding/json writes the same documents.
func sameAsStore(t *testing.T, st *store.Store, text []byte) (accepted bool) {
	t.Helper()
	got, ok := fastpath.ParseS3(text)
	if !ok {
		return false
	}
	if err := os.WriteFile(st.Path(store.S3File), text, 0o600); err != nil {
		t.Fatal(err)
	}
	entries, err := st.LoadS3()
	if err != nil {
		t.Fatalf("accepted what the store refuses: %v\n%s", err, text)
	}
	var want []fastpath.S3Entry
	for _, e := range entries {
		want = append(want, fastpath.S3Entry{Grant: e.Grant(), AccessKeyID: e.AccessKeyID, SecretAccessKey: e.SecretAccessKey.Reveal(), SessionToken: e.SessionToken.Reveal()})
	}
	for i := range got {
		if got[i].Document != "" {
			printed, err := json.Marshal(document{1, got[i].AccessKeyID, got[i].SecretAccessKey, got[i].SessionToken, got[i].Expiration.Format(time.RFC3339), ""})
			if diff := cmp.Diff(string(printed)+"\n", got[i].Document); err != nil || diff != "" {
				t.Fatalf("%v (-encoding/json +fast path)\n%s", err, diff)
			}
			got[i].Document = ""
		}
		replaced(&got[i])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s\n(-store +fast path)\n%s", text, diff)
	}
	return true
}

// replaced puts in place of bytes that are no UTF-8 what encoding/json does. No request
// that is answered has such.
func replaced(e *fastpath.S3Entry) {
	for _, text := range []*string{
		&e.Permission, &e.TargetType, &e.Privilege, &e.RequestedTarget, &e.Identity, &e.AccountID, &e.Region,
		&e.AccessKeyID, &e.SecretAccessKey, &e.SessionToken,
	} {
		*text = string([]rune(*text))
	}
}

const wholeS3 = `{
    "s3://a/*": [
        {
            "id": "128c407ed4d4",
            "permission": "READ",
            "target_type": "Prefix",
            "privilege": "Default",
            "expiration": 1767323045.0,
            "creds": {
                "AccessKeyId": "ASIAEXAMPLE",
                "SecretAccessKey": "wJalr/K7+MDENG=",
                "SessionToken": "IQoJb3Jp=="
            },
            "account_id": "444455556666",
            "duration_seconds": 3600,
            "identity": "0123abcd",
            "requested_target": "s3://a/b",
            "resolved": true,
            "region": "eu-west-1",
            "user_id": "a1b2",
            "grantee_type": "DIRECTORY_USER",
            "grantee_id": "c3d4",
            "obtained_at": 1767319445
        }
    ],
    "s3://b/*": [
        {
            "expiration": 1767323045.123456,
            "creds": {"SessionToken": "t", "SecretAccessKey": "s<>", "AccessKeyId": "k"},
            "resolved": false
        },
        {"expiration": 1, "creds": {"AccessKeyId": "k", "SecretAccessKey": "s", "SessionToken": "t"}}
    ],
    "s3://c/*": []
}
`

func edited(old, with string) string {
	if !strings.Contains(wholeS3, old) {
		panic(old)
	}
	return strings.Replace(wholeS3, old, with, 1)
}

// s3Texts are files and whether they are accepted.
var s3Texts = []struct {
	name, text string
	want       bool
}{
	{"as written", wholeS3, true},
	{"on one line", strings.NewReplacer("\n", "", "    ", "").Replace(wholeS3), true},
	{"other white space", strings.ReplaceAll(wholeS3, "\n", " \t\r\n"), true},
	{"nothing", `{}`, true},
	{"another member", edited(`"id"`, `"of_tomorrow": "Jörg <x>", "id"`), true},
	{"a target in other letters", edited(`s3://c/`, `s3://ü<&>/`), true},
	{"no UTF-8 in a member", edited(`c3d4`, "\xff"), true},
	{"no UTF-8 in a path", edited(`s3://a/b`, "s3://a/\xff"), true},
	{"no UTF-8 in a target", edited(`s3://c/`, "s3://\xff/"), false},
	{"empty", ``, false},
	{"no object", `[]`, false},
	{"null", `null`, false},
	{"a byte order mark", "\ufeff" + wholeS3, false},
	{"more behind it", wholeS3 + "{}", false},
	{"cut off", wholeS3[:len(wholeS3)-30], false},
	{"a comma too many", edited(`[]`+"\n", `[],`+"\n"), false},
	{"a comma too few", edited(`"READ",`, `"READ"`), false},
	{"a comma in front", edited(`[`, `[,`), false},
	{"a comma behind", edited(`"t"}}`, `"t"}},`), false},
	{"targets in another order", edited(`s3://a/*`, `s3://bb/*`), false},
	{"a target twice", edited(`s3://a/*`, `s3://b/*`), false},
	{"a target that is empty", edited(`s3://a/*`, ``), false},
	{"an escape in a target", edited(`s3://a/*`, `s3:\/\/a/*`), false},
	{"an escape in a member", edited(`c3d4`, `c3\u0064`), false},
	{"an escape behind eight characters", edited(`128c407ed4d4`, `128c407ed4\"`), false},
	{"a control character", edited(`128c407ed4d4`, "128c407ed4\x01"), false},
	{"an escape within eight characters", edited(`s3://a/b`, `s3:\\/\\/a/b/c/d/e`), false},
	{"a control character within eight", edited(`128c407ed4d4`, "12\x018c407ed4d4"), false},
	{"no list", edited(`[]`, `{}`), false},
	{"null for a list", edited(`[]`, `null`), false},
	{"null for an entry", edited(`[]`, `[null]`), false},
	{"an empty entry", edited(`[]`, `[{}]`), false},
	{"a member twice", edited(`"privilege"`, `"permission": "WRITE", "privilege"`), false},
	{"twice in other letters", edited(`"privilege"`, `"Permission": "WRITE", "privilege"`), false},
	{"in other letters", edited(`"privilege"`, `"Privilege"`), false},
	{"an escaped name", edited(`"privilege"`, `"priv\u0069lege"`), false},
	{"another member, a number", edited(`"id"`, `"of_tomorrow": 1, "id"`), false},
	{"keys twice", edited(`"resolved": true`, `"creds": {"AccessKeyId": "k", "SecretAccessKey": "s", "SessionToken": "t"}`), false},
	{"a key twice", edited(`"SessionToken": "t"`, `"SessionToken": "u", "SessionToken": "t"`), false},
	{"another key", edited(`"SessionToken": "t"`, `"sessiontoken": "u", "SessionToken": "t"`), false},
	{"no keys", edited(`"creds": {"SessionToken": "t", "SecretAccessKey": "s<>", "AccessKeyId": "k"},`, ``), false},
	{"no key id", edited(`, "AccessKeyId": "k"}`, `}`), false},
	{"an empty key id", edited(`"ASIAEXAMPLE"`, `""`), false},
	{"an empty secret", edited(`"s<>"`, `""`), false},
	{"an empty token", edited(`"IQoJb3Jp=="`, `""`), false},
	{"null for a token", edited(`"IQoJb3Jp=="`, `null`), false},
	{"no expiration", edited(`"expiration": 1,`, ``), false},
	{"zero", edited(`"expiration": 1,`, `"expiration": 0,`), false},
	{"an expiration twice", edited(`"expiration": 1,`, `"expiration": 1, "expiration": 2,`), false},
	{"a zero in front", edited(`"expiration": 1,`, `"expiration": 01,`), false},
	{"less than nothing", edited(`"expiration": 1,`, `"expiration": -1,`), false},
	{"in quotes", edited(`"expiration": 1,`, `"expiration": "1",`), false},
	{"an exponent", edited(`"expiration": 1,`, `"expiration": 1e3,`), false},
	{"no digits behind the point", edited(`"expiration": 1,`, `"expiration": 1.,`), false},
	{"too many of them", edited(`.123456`, `.9999999`), false},
	{"as many as there may be", edited(`1767323045.123456`, `8589934591.999999`), true},
	{"a time too far", edited(`1767323045.123456`, `8589934592.0`), false},
	{"eleven digits", edited(`1767323045.123456`, `17673230451.0`), false},
	{"a duration of eight digits", edited(`3600`, `10000000`), false},
	{"a duration of none", edited(`3600`, `0`), false},
	{"a duration with a fraction", edited(`3600`, `3600.0`), false},
	{"no truth", edited(`true`, `truth`), false},
	{"null for a truth", edited(`true`, `null`), false},
	{"resolved twice", edited(`true,`, `true, "resolved": false,`), false},
	{"a number for an account", edited(`"444455556666"`, `444455556666`), false},
}

func TestParseS3(t *testing.T) {
	st := storeIn(t)
	for _, tt := range s3Texts {
		if got := sameAsStore(t, st, []byte(tt.text)); got != tt.want {
			t.Errorf("%s: accepted %v", tt.name, got)
		}
	}
}

func storeIn(tb testing.TB) *store.Store {
	tb.Helper()
	return store.New(tb.TempDir(), func(o *store.Options) { o.Keyring = nil })
}

// go test ./internal/fastpath -fuzz FuzzParseS3
func FuzzParseS3(f *testing.F) {
	for _, tt := range s3Texts {
		f.Add([]byte(tt.text))
	}
	st := storeIn(f)
	f.Fuzz(func(t *testing.T, text []byte) { sameAsStore(t, st, text) })
}

// go test ./internal/fastpath -fuzz FuzzPlainTarget
func FuzzPlainTarget(f *testing.F) {
	for _, target := range []string{"s3://b", "s3://", "s3:///k", "s3://b/\n", "s3://b/ü", "b/k", "s3://b/" + strings.Repeat("x", 1993), "s3://b/" + strings.Repeat("x", 1994)} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if err := s3agcreds.ValidateTarget(target); err != nil && fastpath.PlainTarget(target) {
			t.Error(err)
		}
	})
}

// Of hundreds of entries the fast path finds what the store and internal/answer do.
func TestBestS3OfMany(t *testing.T) {
	st := storeIn(t)
	text := many(t, st, 300)
	entries, err := st.LoadS3()
	if err != nil || len(entries) != 300 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	var grants []answer.Grant
	for _, e := range entries {
		grants = append(grants, e.Grant())
	}
	for _, target := range []string{"s3://example-bucket/0/x", "s3://example-bucket/150/x", "s3://example-bucket/299/x", "s3://example-bucket/300/x", "s3://example-bucket/"} {
		r := &answer.GrantRequest{Now: time.Now(), Target: target, Permission: "READ", TargetType: "Prefix", Privilege: "Default", Identity: reader}
		want := ""
		if i := answer.BestGrant(grants, r); i >= 0 {
			want = entries[i].AccessKeyID
		}
		got, ok := fastpath.BestS3(text, r)
		if !ok || got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}

// many stores n grants with tokens of the length that AWS gives, and returns the text.
func many(tb testing.TB, st *store.Store, n int) []byte {
	tb.Helper()
	var entries []store.S3Entry
	for i := range n {
		entries = append(entries, s3Entry(fmt.Sprintf("s3://example-bucket/%d/*", i), key(fmt.Sprintf("ASIA%d", i)), func(e *store.S3Entry) {
			e.SessionToken = secret.New(strings.Repeat("IQoJb3JpZ2luX2Vj", 50))
		}))
	}
	if err := st.SaveS3(entries); err != nil {
		tb.Fatal(err)
	}
	text, err := os.ReadFile(st.Path(store.S3File))
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// BenchmarkBestS3 measures the reading of s3_creds.json:
//
//	go test ./internal/fastpath -run '^$' -bench BestS3
func BenchmarkBestS3(b *testing.B) {
	for _, n := range []int{1, 100, 600} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text := many(b, storeIn(b), n)
			r := &answer.GrantRequest{
				Now: time.Now(), Target: fmt.Sprintf("s3://example-bucket/%d/x", n-1), Permission: "READ", TargetType: "Prefix", Privilege: "Default",
				Identity: reader,
			}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if got, _ := fastpath.BestS3(text, r); got != fmt.Sprintf("ASIA%d", n-1) {
					b.Fatal(got)
				}
			}
		})
	}
}
