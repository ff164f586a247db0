package fastpath_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/fastpath"
)

// roleFile is role_creds.json as encoding/json reads it.
type roleFile struct {
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
	SessionToken    string `json:"session_token"`
	Expiration      string `json:"expiration"`
	AccountID       string `json:"account_id,omitempty"`
	UserID          string `json:"user_id,omitempty"`
	Fingerprint     string `json:"fingerprint,omitempty"`
	ObtainedAt      string `json:"obtained_at,omitempty"`
	RenewBefore     uint32 `json:"renew_before,omitempty"`
	ConfigDigest    string `json:"config_digest,omitempty"`
	S3Identity      string `json:"s3_identity,omitempty"`
	S3AccountID     string `json:"s3_account_id,omitempty"`
	S3Region        string `json:"s3_region,omitempty"`
	S3RegionMark    string `json:"s3_region_mark,omitempty"`
}

// document is what the ordinary path prints.
type document struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
	AccountID       string `json:"AccountId,omitempty"`
}

// sameAsJSON wants of a text that is accepted that encoding/json reads and prints it
// the same.
func sameAsJSON(t *testing.T, text []byte) (accepted bool) {
	t.Helper()
	got, ok := fastpath.ParseRole(text)
	if !ok {
		return false
	}
	var f roleFile
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatalf("accepted what encoding/json refuses: %v\n%s", err, text)
	}
	printed, err := json.Marshal(document{1, f.AccessKeyID, f.SecretAccessKey, f.SessionToken, f.Expiration, f.AccountID})
	if err != nil {
		t.Fatal(err)
	}
	want := fastpath.Role{
		AccessKeyID: f.AccessKeyID, SecretAccessKey: f.SecretAccessKey, SessionToken: f.SessionToken, Expiration: f.Expiration,
		AccountID: f.AccountID, UserID: f.UserID, Fingerprint: f.Fingerprint, ObtainedAt: f.ObtainedAt,
		RenewBefore: int(f.RenewBefore), ConfigDigest: f.ConfigDigest,
		S3Identity: f.S3Identity, S3AccountID: f.S3AccountID, S3Region: f.S3Region, S3RegionMark: f.S3RegionMark, Document: string(printed) + "\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s\n(-encoding/json +fast path)\n%s", text, diff)
	}
	return true
}

const whole = `{
    "access_key_id": "ASIAEXAMPLE",
    "secret_access_key": "wJalr/K7+MDENG=",
    "session_token": "IQoJb3Jp==",
    "expiration": "2026-05-04T13:00:00Z",
    "account_id": "444455556666",
    "user_id": "a1b2",
    "fingerprint": "0123abcd",
    "obtained_at": "2026-05-04T12:00:00Z",
    "renew_before": 912,
    "config_digest": "fnv1a-128:00",
    "s3_identity": "4567cdef",
    "s3_account_id": "111122223333"
}
`

// texts are files and whether they are accepted.
var texts = []struct {
	name, text string
	want       bool
}{
	{"as written", whole, true},
	{"on one line", strings.NewReplacer("\n", "", "    ", "").Replace(whole), true},
	{"other white space", strings.ReplaceAll(whole, "\n", " \t\r\n"), true},
	{"another member", strings.Replace(whole, `"user_id"`, `"of_tomorrow": "Jörg <x>", "user_id"`, 1), true},
	{"nothing", `{}`, true}, // and incomplete
	{"empty", ``, false},
	{"no object", `[]`, false},
	{"null", `null`, false},
	{"a byte order mark", "\ufeff" + whole, false},
	{"more behind it", whole + "{}", false},
	{"cut off", whole[:len(whole)-20], false},
	{"a comma too many", strings.Replace(whole, `33"`+"\n}", `33",`+"\n}", 1), false},
	{"a comma too few", strings.Replace(whole, `EXAMPLE",`, `EXAMPLE"`, 1), false},
	{"a comma in front", strings.Replace(whole, `{`, `{,`, 1), false},
	{"another member, a number", strings.Replace(whole, `"user_id"`, `"of_tomorrow": 1, "user_id"`, 1), false},
	{"another member, escaped", strings.Replace(whole, `"user_id"`, `"of_tomorrow": "\"", "user_id"`, 1), false},
	{"a member twice", strings.Replace(whole, `"user_id"`, `"session_token": "other", "user_id"`, 1), false},
	{"twice in other letters", strings.Replace(whole, `"user_id"`, `"Session_Token": "other", "user_id"`, 1), false},
	{"in other letters", strings.Replace(whole, `"session_token"`, `"SESSION_TOKEN"`, 1), false},
	{"a name with the sign for Kelvin", strings.Replace(whole, `"user_id"`, "\"session_to\u212aen\": \"x\", \"user_id\"", 1), false},
	{"an escaped name", strings.Replace(whole, `"session_token"`, `"session\u005ftoken"`, 1), false},
	{"an escape", strings.Replace(whole, `wJalr/`, `wJalr\/`, 1), false},
	{"what is printed escaped", strings.Replace(whole, `wJalr`, `<>&`, 1), false},
	{"other letters", strings.Replace(whole, `wJalr`, `ü`, 1), false},
	{"a control character", strings.Replace(whole, `wJalr`, "\x01", 1), false},
	{"an empty value", strings.Replace(whole, `"ASIAEXAMPLE"`, `""`, 1), false},
	{"null for a value", strings.Replace(whole, `"ASIAEXAMPLE"`, `null`, 1), false},
	{"a time with an offset", strings.Replace(whole, `13:00:00Z`, `13:00:00+00:00`, 1), false},
	{"a time with a fraction", strings.Replace(whole, `13:00:00Z`, `13:00:00.5Z`, 1), false},
	{"no time", strings.Replace(whole, `13:00:00Z`, `soon`, 1), false},
	{"a number too large", strings.Replace(whole, `912`, `100000`, 1), false},
	{"a number with a zero in front", strings.Replace(whole, `912`, `0912`, 1), false},
	{"zero", strings.Replace(whole, `912`, `0`, 1), false},
	{"a fraction", strings.Replace(whole, `912`, `91.2`, 1), false},
	{"less than nothing", strings.Replace(whole, `912`, `-912`, 1), false},
	{"a number twice", strings.Replace(whole, `912`, `912, "renew_before": 913`, 1), false},
}

func TestParseRole(t *testing.T) {
	for _, tt := range texts {
		if got := sameAsJSON(t, []byte(tt.text)); got != tt.want {
			t.Errorf("%s: accepted %v", tt.name, got)
		}
	}
}

// go test ./internal/fastpath -fuzz FuzzParseRole
func FuzzParseRole(f *testing.F) {
	for _, tt := range texts {
		f.Add([]byte(tt.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { sameAsJSON(t, text) })
}

// halting is a writer that takes some bytes at a time and then fails.
type halting struct {
	bytes.Buffer
	takes, left int
	err         error
}

func (h *halting) Write(p []byte) (int, error) {
	if h.left == 0 {
		return 0, h.err
	}
	n := min(h.takes, h.left, len(p))
	h.left -= n
	return h.Buffer.Write(p[:n])
}

func TestWrite(t *testing.T) {
	const hint = "tip-cli: hint: check where stdout goes: its disk may be full, or its reader gone\n"
	failed := &json.SyntaxError{} // any error
	for name, tt := range map[string]struct {
		takes, left   int
		err           error
		code          int
		done          bool
		printed, said string
	}{
		"at once":          {9, 9, failed, 0, true, "document\n", ""},
		"piece by piece":   {2, 9, failed, 0, true, "document\n", ""},
		"not at all":       {9, 0, failed, 0, false, "", ""},
		"a part":           {2, 4, failed, 1, true, "docu", "tip-cli: error: \n" + hint},
		"nothing, no word": {9, 0, nil, 0, false, "", ""},
		"a part, no word":  {2, 4, nil, 1, true, "docu", "tip-cli: error: short write\n" + hint},
	} {
		var stderr bytes.Buffer
		out := &halting{takes: tt.takes, left: tt.left, err: tt.err}
		code, done := fastpath.Write(out, &stderr, []byte("document\n"))
		if code != tt.code || done != tt.done || out.String() != tt.printed || stderr.String() != tt.said {
			t.Errorf("%s: %d, %v, %q, %q", name, code, done, out.String(), stderr.String())
		}
	}
}
