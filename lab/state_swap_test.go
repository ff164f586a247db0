package lab_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

func inMemory(t *testing.T) *keptLab { return inDir(t, "") }

// What a lab exports makes the same lab elsewhere, objects included.
func TestExportAndImport(t *testing.T) {
	from := inMemory(t)
	fillBucket(t, from)
	want := bucketContent(t, from)
	secrets := secretsmanager.NewFromConfig(from.config(labtest.Admin()))
	for name, in := range map[string]*secretsmanager.CreateSecretInput{
		"text": {SecretString: aws.String("with {{endpoint}}, {{open}} and " + from.Endpoint())}, "bytes": {SecretBinary: []byte{0, 1, 0xff}}, "bare": {},
	} {
		in.Name = aws.String(name)
		if _, err := secrets.CreateSecret(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	text := unfailing[[]byte](t)(from.Export())
	if bytes.Contains(text, []byte(strings.TrimPrefix(from.Endpoint(), "http://")+"/idp")) {
		t.Error("the export has the lab's address")
	}
	to := inMemory(t)
	if err := to.Import(text); err != nil {
		t.Fatal(err)
	}
	// The body with the old address is kept as it is; at another one it is a text like any.
	address := strings.TrimPrefix(from.Endpoint(), "http://")
	moved := strings.Replace(string(text), "base64: "+base64.StdEncoding.EncodeToString([]byte(address)), "body: "+address, 1)
	if diff := cmp.Diff(moved, string(unfailing[[]byte](t)(to.Export()))); diff != "" {
		t.Errorf("(-exported +exported again):\n%s", diff)
	}
	if got := bucketContent(t, to); got != want {
		t.Errorf("%s\nwas\n%s", got, want)
	}
	got, err := secretsmanager.NewFromConfig(to.config(labtest.Admin())).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("text")})
	if err != nil || *got.SecretString != "with {{endpoint}}, {{open}} and "+to.Endpoint() {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := to.webIdentity(to.token()); err != nil {
		t.Errorf("a sign-in afterwards: %v", err)
	}
}

// An import takes the old world's sessions, keys and trail away, and only them.
func TestImportBeginsAnew(t *testing.T) {
	for name, dir := range map[string]string{"in memory": "", "on disk": filepath.Join(t.TempDir(), "data")} {
		t.Run(name, func(t *testing.T) {
			l := inDir(t, dir)
			text := unfailing[[]byte](t)(l.Export())
			token := l.token()
			web := unfailing[aws.CredentialsProvider](t)(l.webIdentity(token))
			ca, counts := string(l.CA()), l.Counts()
			if err := l.Import(text); err != nil {
				t.Fatal(err)
			}
			if who := l.whoami(web); who != "InvalidClientTokenId" {
				t.Errorf("a session of the old world: %s", who)
			}
			if _, err := l.webIdentity(token); codeOf(err) != "InvalidIdentityToken" {
				t.Errorf("a token of the old world: %v", err)
			}
			if who := l.whoami(labtest.Admin()); who != "arn:aws:iam::444455556666:user/admin" {
				t.Errorf("a key of both worlds: %s", who)
			}
			for _, e := range l.Events() {
				if e.EventName == "AssumeRoleWithWebIdentity" && e.ErrorCode == "" {
					t.Error("the trail of the old world is left")
				}
			}
			if string(l.CA()) != ca || l.Counts().WebIdentities.Granted != counts.WebIdentities.Granted {
				t.Errorf("the CA or the counts have changed: %+v", l.Counts())
			}
		})
	}
}

// A file that is refused changes nothing.
func TestImportIsRefusedWhole(t *testing.T) {
	l := inMemory(t)
	web := unfailing[aws.CredentialsProvider](t)(l.webIdentity(l.token()))
	good := string(unfailing[[]byte](t)(l.Export()))
	for name, text := range map[string]string{
		"no YAML": "]", "empty": "", "unknown key": "nonsense: 1\n" + good, "another version": strings.Replace(good, "version: 1", "version: 2", 1),
		"bad account": strings.Replace(good, `"444455556666"`, `"4444"`, 1), "bad object": strings.Replace(good, "- key: reports/summary.txt", "- base64: \"?\"\n        key: reports/summary.txt", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if text == good {
				t.Fatal("the file is good")
			}
			if err := l.Import([]byte(text)); err == nil {
				t.Fatal("it was taken")
			}
			if who := l.whoami(web); !strings.HasPrefix(who, "arn:") {
				t.Errorf("a session: %s", who)
			}
		})
	}
}

// Reset is back to the world of the start, on disk in a later run, too.
func TestReset(t *testing.T) {
	for name, dir := range map[string]string{"in memory": "", "on disk": filepath.Join(t.TempDir(), "data")} {
		t.Run(name, func(t *testing.T) {
			l := inDir(t, dir, labtest.Edit(func(w *lab.World) { w.Accounts[1].Name = "edited" }))
			object := &s3.HeadObjectInput{Bucket: aws.String("tip-demo-data"), Key: aws.String("reports/summary.txt")}
			if _, err := l.s3().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: object.Bucket, Key: object.Key}); err != nil {
				t.Fatal(err)
			}
			if dir != "" {
				l.end()
				l = inDir(t, dir)
			}
			if _, err := l.s3().HeadObject(t.Context(), object); codeOf(err) != "NotFound" {
				t.Fatalf("a deleted object: %v", err)
			}
			if err := l.Reset(); err != nil {
				t.Fatal(err)
			}
			if _, err := l.s3().HeadObject(t.Context(), object); err != nil {
				t.Errorf("the object of the start: %v", err)
			}
			if dir != "" {
				l.end()
				l = inDir(t, dir)
				if _, err := l.s3().HeadObject(t.Context(), object); err != nil {
					t.Errorf("after the reset and a restart: %v", err)
				}
			}
			if text := unfailing[[]byte](t)(l.Export()); !bytes.Contains(text, []byte("name: edited")) {
				t.Error("the edit is lost")
			}
		})
	}
}

// The pages: what they answer, and to whom.
func TestWorldPage(t *testing.T) {
	l := inMemory(t)
	ask := func(method, query, header, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, l.Endpoint()+"/_lab/world"+query, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Tip-Lab", header)
		resp, err := l.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		if status, text := ask(method, "", "", ""); status != http.StatusForbidden || strings.Contains(text, "accounts") {
			t.Errorf("%s without the header: %d %s", method, status, text)
		}
	}
	status, text := ask(http.MethodGet, "", "admin", "")
	if status != http.StatusOK || !strings.Contains(text, "Ask about the third quarter") {
		t.Errorf("export: %d", status)
	}
	if status, text := ask(http.MethodGet, "?objects=false", "admin", ""); status != http.StatusOK || strings.Contains(text, "objects:") {
		t.Errorf("export without objects: %d", status)
	}
	if status, text := ask(http.MethodPost, "", "admin", "nonsense: 1"); status != http.StatusBadRequest || !strings.Contains(text, "nonsense") {
		t.Errorf("import of nonsense: %d %s", status, text)
	}
	if status, text := ask(http.MethodPost, "", "admin", text); status != http.StatusNoContent {
		t.Errorf("import: %d %s", status, text)
	}
	if status, text := ask(http.MethodDelete, "", "admin", ""); status != http.StatusNoContent {
		t.Errorf("reset: %d %s", status, text)
	}
}

// Objects that are too large for a file can be left out.
func TestExportOfLargeObjects(t *testing.T) {
	l := inMemory(t)
	big := bytes.Repeat([]byte{'x'}, 33<<20)
	for _, key := range []string{"one", "two"} {
		if _, err := l.s3().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("tip-demo-data"), Key: &key, Body: bytes.NewReader(big)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Export(); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("%v", err)
	}
	text, err := l.Export(func(o *lab.ExportOptions) { o.WithoutObjects = true })
	if err != nil || bytes.Contains(text, []byte("objects:")) {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}
