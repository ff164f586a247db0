package fastpath_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/fastpath"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// reader is whose S3 credentials the states have.
const reader = "4d2f"

// newS3State is one in which the fast path answers get-data-access.
func newS3State(t *testing.T, home string) *state {
	t.Helper()
	s := newState(t, home)
	s.env["AWS_MAX_ATTEMPTS"] = "1"
	s.grants("", s3Entry("s3://example-bucket/prefix/*"))
	s.gets("s3://example-bucket/prefix/a")
	return s
}

// grants stores S3 credentials in a context, for the person whose role session it has.
func (s *state) grants(context string, entries ...store.S3Entry) {
	s.t.Helper()
	role, err := s.store(context).LoadRole()
	s.check(err)
	for i := range entries {
		if entries[i].Identity == reader {
			entries[i].Identity = role.S3Identity
		}
	}
	s.check(s.store(context).SaveS3(entries))
}

func s3Entry(target string, edits ...func(*store.S3Entry)) store.S3Entry {
	now := time.Now().UTC().Truncate(time.Second)
	e := store.S3Entry{
		Target: target, Permission: "READ", TargetType: "Prefix", Privilege: "Default",
		AccessKeyID: "ASIAS3", SecretAccessKey: secret.New("s3/K7+MDENG="), SessionToken: secret.New("IQoJs3=="),
		Expiration: now.Add(50 * time.Minute), ObtainedAt: now,
		AccountID: "444455556666", Region: "eu-west-1", Identity: reader, RequestedTarget: "s3://example-bucket/prefix/a", Resolved: true,
	}
	for _, edit := range edits {
		edit(&e)
	}
	return e
}

// key tells entries apart.
func key(id string) func(*store.S3Entry) {
	return func(e *store.S3Entry) { e.AccessKeyID = id }
}

// expireFirst has the first entry on disk expire: the store itself drops such ones.
func (s *state) expireFirst() {
	s.t.Helper()
	text, err := os.ReadFile(s.path("s3_creds.json"))
	s.check(err)
	at := bytes.Index(text, []byte(`"expiration": `)) + len(`"expiration": `)
	s.check(os.WriteFile(s.path("s3_creds.json"), slices.Replace(text, at, at+2, '1', '0'), 0o600))
}

// identity is what the session names a person by, under a configuration.
func identity(role store.RoleCredentials) string {
	sum := sha256.Sum256([]byte(role.Fingerprint + "\n" + role.UserID))
	return hex.EncodeToString(sum[:])
}

// gets asks for a path, with flags.
func (s *state) gets(args ...string) {
	s.asks(append([]string{"s3ag", "get-data-access"}, args...)...)
}

// edits changes what is stored, in the place of what is there.
func (s *state) edits(edits ...func(*store.S3Entry)) {
	s.grants("", s3Entry("s3://example-bucket/prefix/*", edits...))
}

const a = "s3://example-bucket/prefix/a"

// s3State is a change to that state, and whether the fast path answers then.
type s3State = struct {
	name   string
	change func(*state)
	want   bool
}

// s3States are such changes; s3RegionStates are more.
var s3States = []s3State{
	{"a grant", func(*state) {}, true},
	{"the context default", func(s *state) { s.asks("--context", "default", "s3ag", "get-data-access", a) }, true},
	{"a context", func(s *state) { s.other(); s.asks("--context=prod", "s3ag", "get-data-access", a) }, true},
	{"a context behind it", func(s *state) { s.other(); s.gets(a, "--context", "prod") }, true},
	{"a context in front, in one word", func(s *state) { s.other(); s.gets("--context=prod", a) }, true},
	{"two contexts", func(s *state) {
		s.other()
		s.asks("--context=prod", "s3ag", "get-data-access", a, "--context", "default")
	}, false},
	{"a context of the environment", func(s *state) { s.other(); s.env["TIP_CLI_CONTEXT"] = "prod" }, true},
	{"switched off", func(s *state) { s.env["TIP_CLI_FASTPATH"] = "off" }, false},

	{"every flag", func(s *state) {
		s.edits(func(e *store.S3Entry) { e.Region, e.Duration = "eu-central-1", time.Hour })
		s.gets("--permission", "READ", "--account-id=444455556666", a, "--privilege=Default", "--target-type", "Prefix", "--region", "eu-central-1",
			"--duration-seconds", "1800")
	}, true},
	{"small letters", func(s *state) { s.gets("--permission=read", "--privilege", "default", "--target-type", "prefix", a) }, true},
	{"the longest duration", func(s *state) {
		s.edits(func(e *store.S3Entry) { e.Duration, e.Expiration = 12*time.Hour, time.Now().Add(11*time.Hour) })
		s.gets(a, "--duration-seconds=43200")
	}, true},
	{"a longer duration", func(s *state) { s.gets(a, "--duration-seconds", "7200") }, false},
	{"a duration too short", func(s *state) { s.gets(a, "--duration-seconds", "899") }, false},
	{"a duration too long", func(s *state) {
		s.edits(func(e *store.S3Entry) { e.Duration, e.Expiration = 13*time.Hour, time.Now().Add(13*time.Hour) })
		s.gets(a, "--duration-seconds=43201")
	}, false},
	{"a duration of six digits", func(s *state) { s.gets(a, "--duration-seconds=001800") }, false},
	{"a duration of four", func(s *state) { s.gets(a, "--duration-seconds=0900") }, true},
	{"two durations", func(s *state) { s.gets(a, "--duration-seconds=900", "--duration-seconds=1800") }, false},
	{"a duration with a sign", func(s *state) { s.gets(a, "--duration-seconds", "+900") }, false},
	{"a duration in words", func(s *state) { s.gets(a, "--duration-seconds", "15m") }, false},
	{"force", func(s *state) { s.gets(a, "--force-new-creds") }, false},
	{"a least life", func(s *state) { s.gets(a, "--min-ttl", "20m") }, false},
	{"an unknown flag", func(s *state) { s.gets(a, "--of-tomorrow", "x") }, false},
	{"help", func(s *state) { s.gets("--help") }, false},
	{"a flag without a value", func(s *state) { s.gets(a, "--permission") }, false},
	{"a flag with an empty value", func(s *state) { s.gets(a, "--account-id=") }, false},
	{"a flag twice", func(s *state) { s.gets(a, "--permission", "READ", "--permission", "READ") }, false},
	{"a flag for a value", func(s *state) { s.gets(a, "--permission", "--privilege") }, false},
	{"an unknown permission", func(s *state) { s.gets(a, "--permission", "LIST") }, false},
	{"an unknown privilege", func(s *state) { s.gets(a, "--privilege", "Least") }, false},
	{"an unknown type", func(s *state) { s.gets(a, "--target-type", "Bucket") }, false},
	{"one object", func(s *state) { s.gets(a, "--target-type", "Object") }, true},
	{"a prefix as one object", func(s *state) { s.gets("s3://example-bucket/prefix/*", "--target-type", "Object") }, false},
	{"a bucket as one object", func(s *state) {
		s.edits(func(e *store.S3Entry) { e.Target = "s3://example-bucket/*" })
		s.gets("s3://example-bucket/", "--target-type", "Object")
	}, false},
	{"an account of 11 digits", func(s *state) {
		s.edits(func(e *store.S3Entry) { e.AccountID = "44445555666" })
		s.gets(a, "--account-id", "44445555666")
	}, false},
	{"an account with a letter", func(s *state) {
		s.edits(func(e *store.S3Entry) { e.AccountID = "44445555666x" })
		s.gets(a, "--account-id", "44445555666x")
	}, false},
	{"a region with a dot", func(s *state) {
		s.edits(func(e *store.S3Entry) { e.Region = "eu.west" })
		s.gets(a, "--region", "eu.west")
	}, false},
	{"no path, where none was asked for", func(s *state) {
		s.edits(func(e *store.S3Entry) { e.Privilege, e.RequestedTarget = "Minimal", "" })
		s.gets("--privilege", "Minimal")
	}, false},
	{"no name for a context behind it", func(s *state) { s.gets(a, "--context", "..") }, false},
	{"the end of the flags", func(s *state) { s.gets("--", a) }, false},
	{"no path", func(s *state) { s.gets() }, false},
	{"two paths", func(s *state) { s.gets(a, a) }, false},
	{"an empty path", func(s *state) { s.gets("") }, false},
	{"no scheme", func(s *state) { s.gets("example-bucket/prefix/a") }, false},
	{"no bucket", func(s *state) { s.gets("s3:///prefix/a") }, false},
	{"a scheme only", func(s *state) { s.gets("s3://") }, false},
	{"a control character", func(s *state) { s.gets(a + "\n") }, false},
	{"a path too long", func(s *state) { s.gets(a + strings.Repeat("a", 2000)) }, false},
	{"the longest path", func(s *state) { s.gets(a + strings.Repeat("a", 2000-len(a))) }, true},
	{"a path with a space", func(s *state) { s.gets(a + " b") }, true},
	{"other letters", func(s *state) { s.gets(a + "ü") }, false}, // the ordinary path has it

	{"case 01: below the prefix", func(s *state) { s.gets("s3://example-bucket/prefix/deep/below") }, true},
	{"case 03: READWRITE serves READ", func(s *state) { s.edits(func(e *store.S3Entry) { e.Permission = "READWRITE" }) }, true},
	{"case 06: READ does not serve WRITE", func(s *state) { s.gets(a, "--permission", "WRITE") }, false},
	{"case 13: the slash counts", func(s *state) { s.gets("s3://example-bucket/prefixes") }, false},
	{"case 17: every bucket", func(s *state) { s.grants("", s3Entry("s3://*")) }, true},
	{"case 19: the object", func(s *state) { s.grants("", s3Entry(a)) }, true},
	{"case 20: another object", func(s *state) { s.grants("", s3Entry(a+"b")) }, false},
	{"case 21: another identity", func(s *state) { s.edits(func(e *store.S3Entry) { e.Identity = "bob" }) }, false},
	{"case 23: a wider request", func(s *state) { s.gets("s3://example-bucket/*") }, false},
	{"case 24: the second serves", func(s *state) {
		s.grants("", s3Entry("s3://example-bucket/*", func(e *store.S3Entry) { e.Permission = "WRITE" }), s3Entry("s3://example-bucket/prefix/*"))
	}, true},
	{"case 25: brackets are characters", func(s *state) {
		s.grants("", s3Entry("s3://example-bucket/[ab]/k"))
		s.gets("s3://example-bucket/[ab]/k")
	}, true},
	{"case 26: question marks are characters", func(s *state) { s.grants("", s3Entry(a)); s.gets("s3://example-bucket/prefix/?") }, false},
	{"case 28: another account", func(s *state) { s.gets(a, "--account-id", "111122223333") }, false},
	{"case 31: 30 seconds left", func(s *state) { s.edits(func(e *store.S3Entry) { e.Expiration = time.Now().Add(30 * time.Second) }) }, false},
	{"case 33: expired beside fresh", func(s *state) {
		s.grants("", s3Entry("s3://example-bucket/prefix/*", key("ASIAOLD")), s3Entry("s3://example-bucket/prefix/*", key("ASIANEW")))
		s.expireFirst()
	}, true},

	{"the longest match", func(s *state) {
		s.grants("", s3Entry("s3://example-bucket/*", key("ASIASHORT")), s3Entry("s3://example-bucket/prefix/*", key("ASIALONG")),
			s3Entry("s3://example-bucket/prefix*", key("ASIASHORTER")))
	}, true},
	{"the exact permission", func(s *state) {
		s.grants("", s3Entry("s3://example-bucket/*", key("ASIARW"), func(e *store.S3Entry) { e.Permission = "READWRITE" }), s3Entry("s3://example-bucket/*", key("ASIAR")))
	}, true},
	{"the bucket without a slash", func(s *state) { s.grants("", s3Entry("s3://example-bucket/*")); s.gets("s3://example-bucket") }, true},
	{"Minimal from Default", func(s *state) { s.gets(a, "--privilege", "Minimal") }, false},
	{"Minimal, the very same", func(s *state) {
		s.edits(func(e *store.S3Entry) { e.Privilege, e.Target = "Minimal", e.RequestedTarget })
		s.gets(a, "--privilege", "Minimal")
	}, true},
	{"Minimal, less", func(s *state) {
		s.edits(func(e *store.S3Entry) { e.Privilege, e.Permission = "Minimal", "READWRITE" })
		s.gets(a, "--privilege", "Minimal")
	}, false},
	{"Default from Minimal", func(s *state) { s.edits(func(e *store.S3Entry) { e.Privilege = "Minimal" }) }, false},
	{"found in another account", func(s *state) { s.edits(func(e *store.S3Entry) { e.AccountID = "111122223333" }) }, true},
	{"named in another account", func(s *state) {
		s.edits(func(e *store.S3Entry) { e.AccountID, e.Resolved = "111122223333", false })
	}, false},
	{"of an older version", func(s *state) {
		s.edits(func(e *store.S3Entry) { e.Resolved, e.ObtainedAt = false, time.Time{} })
	}, true},
	{"of another region", func(s *state) { s.gets(a, "--region", "eu-central-1") }, false},
	{"within the margin", func(s *state) { s.edits(func(e *store.S3Entry) { e.Expiration = time.Now().Add(14 * time.Minute) }) }, false},
	{"stored tomorrow", func(s *state) { s.edits(func(e *store.S3Entry) { e.ObtainedAt = time.Now().Add(24 * time.Hour) }) }, false},
	{"a role session that has expired", func(s *state) { s.alter(func(c *store.RoleCredentials) { c.Expiration = time.Now().Add(-time.Hour) }) }, true},
	{"a role session of a version that knew no grants", func(s *state) { s.alter(func(c *store.RoleCredentials) { c.S3Identity = "" }) }, false},
	{"a role session without its secret", func(s *state) { s.replace("role_creds.json", `"secret_access_key"`, `"of_tomorrow"`) }, false},
	{"a role session without its token", func(s *state) { s.replace("role_creds.json", `"session_token"`, `"of_tomorrow"`) }, false},
	{"a role session without a person", func(s *state) { s.alter(func(c *store.RoleCredentials) { c.UserID = "" }) }, false},
	{"a role session of somebody else", func(s *state) {
		s.alter(func(c *store.RoleCredentials) { c.UserID = "bob"; c.S3Identity = identity(*c) })
	}, false},
	{"a role session for another configuration", func(s *state) { s.replace("config.json", "tip-oidc-role", "tip-other-role") }, false},
	{"a configuration with another account", func(s *state) {
		s.replace("config.json", "{\n", "{\n\"s3ag_account_id\": \"111122223333\",\n")
	}, false},
	{"the configured account", func(s *state) { s.configures("111122223333") }, true},
	{"not the configured account", func(s *state) { s.configures("999900001111") }, false},
	{"characters that are escaped", func(s *state) { s.edits(func(e *store.S3Entry) { e.SessionToken = secret.New("a<b>&") }) }, false},
	{"a target that is escaped", func(s *state) {
		s.grants("", s3Entry("s3://example-bucket/prefix/*"), s3Entry(`s3://example-bucket/"*`))
	}, false},
	{"a target in other letters", func(s *state) {
		s.grants("", s3Entry("s3://example-bucket/prefix/*"), s3Entry("s3://example-bucket/ü<&>*"))
	}, true},
	{"beside those of the original", func(s *state) {
		s.grants("", s3Entry("s3://example-bucket/prefix/*"), store.S3Entry{
			Target: "s3://example-bucket/prefix/a/*", Permission: "READ", TargetType: "Prefix", Privilege: "Default",
			AccessKeyID: "ASIAO", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"), Expiration: time.Now().Add(50 * time.Minute),
		})
	}, true},
	{"only those of the original", func(s *state) {
		s.edits(func(e *store.S3Entry) {
			*e = store.S3Entry{Target: e.Target, Permission: "READ", TargetType: "Prefix", Privilege: "Default", AccessKeyID: "ASIAO", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"), Expiration: e.Expiration}
		})
	}, false},
	{"not sorted", func(s *state) {
		s.grants("", s3Entry("s3://a/*"), s3Entry("s3://b/*"))
		s.replace("s3_creds.json", "s3://a/*", "s3://example-bucket/*")
	}, false},
	{"damaged", func(s *state) { s.replace("s3_creds.json", "]", "") }, false},
	{"another entry damaged", func(s *state) {
		s.grants("", s3Entry("s3://a/*"), s3Entry("s3://example-bucket/*"))
		s.replace("s3_creds.json", `"AccessKeyId": "ASIAS3"`, `"AccessKeyId": ""`)
	}, false},
	{"a member of tomorrow", func(s *state) { s.replace("s3_creds.json", `"permission"`, `"of_tomorrow": "x", "permission"`) }, true},
	{"a member of the day after", func(s *state) { s.replace("s3_creds.json", `"permission"`, `"of_tomorrow": [1], "permission"`) }, false},
	{"none stored", func(s *state) { s.check(os.Remove(s.path("s3_creds.json"))) }, false},
	{"all cleared", func(s *state) { s.grants("") }, false},
	{"logged out", func(s *state) { s.check(s.store("").ClearRole()) }, false},
}

// configures has the configuration name an account, which the role session knows, and
// stores a grant of account 111122223333 which was found without that.
func (s *state) configures(account string) {
	c := configured
	c.S3AGAccountID = account
	text, err := c.Encode()
	s.check(err)
	s.check(s.store("").SaveConfig(text))
	s.alter(func(c *store.RoleCredentials) { c.S3AccountID, c.ConfigDigest = account, answer.Digest(text) })
	s.edits(func(e *store.S3Entry) { e.AccountID = "111122223333" })
}

// other makes the context prod, which the paths are good for.
func (s *state) other() {
	s.fill("prod")
	s.grants("prod", s3Entry("s3://example-bucket/prefix/*", key("ASIAPROD")))
	s.gets(a)
}

func TestS3Document(t *testing.T) {
	for _, tt := range slices.Concat(s3States, s3RegionStates, s3SystemStates) {
		t.Run(tt.name, func(t *testing.T) {
			s := newS3State(t, filepath.Join(t.TempDir(), "state"))
			tt.change(s)
			if got, ok := s.document(); ok != tt.want {
				t.Errorf("%v: %s", ok, got)
			}
		})
	}
}

// fastpath.Document's answer has the key of the entry that the store's order would not
// give.
func TestS3DocumentOfTheBest(t *testing.T) {
	for name, want := range map[string]string{"the longest match": "ASIALONG", "the exact permission": "ASIAR", "case 33: expired beside fresh": "ASIANEW", "a context": "ASIAPROD"} {
		s := newS3State(t, filepath.Join(t.TempDir(), "state"))
		for _, tt := range s3States {
			if tt.name == name {
				tt.change(s)
			}
		}
		got, _ := fastpath.Document(s.args, func(name string) string { return s.env[name] }, time.Now())
		if !strings.Contains(string(got), `"`+want+`"`) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
