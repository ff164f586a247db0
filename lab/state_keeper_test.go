package lab_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// obstruct puts a directory with something in it where a file is or is to be.
func obstruct(t *testing.T, path string) {
	t.Helper()
	_ = os.Remove(path)
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func (l *keptLab) createSecret(name string) {
	l.t.Helper()
	if _, err := secretsmanager.NewFromConfig(l.config(labtest.Admin())).CreateSecret(l.t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String("x")}); err != nil {
		l.t.Fatal(err)
	}
}

func (l *keptLab) hasSecret(name string) bool {
	_, err := secretsmanager.NewFromConfig(l.config(labtest.Admin())).GetSecretValue(l.t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
	return err == nil
}

// until polls for a minute at most.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
		<-time.After(time.Millisecond)
	}
}

// An import whose tidying up fails is one all the same: the new world is kept.
func TestImportThatCannotTidyUp(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := inDir(t, dir)
	text := unfailing[[]byte](t)(l.Export())
	old := trailOf(t, dir)
	obstruct(t, old)
	if err := l.Import(text); err != nil {
		t.Errorf("the import: %v", err)
	}
	l.createSecret("after")
	if err := os.RemoveAll(old); err != nil {
		t.Fatal(err)
	}
	l.end()
	if !inDir(t, dir).hasSecret("after") {
		t.Error("what was made after the import is lost")
	}
}

// An import that cannot be kept leaves the old world as it was, with its objects.
func TestImportThatCannotBeKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := inDir(t, dir)
	fillBucket(t, l)
	want := bucketContent(t, l)
	until(t, "saved", func() bool { _, _, saved := l.health(); return saved })
	text := unfailing[[]byte](t)(l.Export())
	main := filepath.Join(dir, "world.state")
	obstruct(t, main)
	if err := l.Import(text); err == nil {
		t.Fatal("it was taken")
	}
	if err := os.RemoveAll(main); err != nil {
		t.Fatal(err)
	}
	l.createSecret("after")
	if _, err := l.s3().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("tip-demo-data"), Key: aws.String("new"), Body: strings.NewReader("x")}); err != nil {
		t.Fatal(err)
	}
	l.end()
	again := inDir(t, dir)
	if got := bucketContent(t, again); got != want || !again.hasSecret("after") {
		t.Errorf("%s\nwas\n%s", got, want)
	}
}

// A lab that has ended changes nothing in a directory that another one may have.
func TestImportAfterClose(t *testing.T) {
	for name, dir := range map[string]string{"in memory": "", "on disk": filepath.Join(t.TempDir(), "data")} {
		t.Run(name, func(t *testing.T) {
			l := inDir(t, dir)
			text := unfailing[[]byte](t)(l.Export())
			l.end()
			if dir == "" {
				dir = t.TempDir()
			}
			before := content(t, dir)
			for what, err := range map[string]error{"import": l.Import(text), "reset": l.Reset()} {
				if err == nil || !strings.Contains(err.Error(), "closed") {
					t.Errorf("%s: %v", what, err)
				}
			}
			for path, text := range content(t, dir) {
				if before[path] != text {
					t.Errorf("%s was changed", path)
				}
			}
		})
	}
}

// An import that runs into Close ends before it: what Close leaves stays so.
func TestImportRunsIntoClose(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := inDir(t, dir, labtest.Edit(func(w *lab.World) { labtest.Crowd(w, 300) }))
	text := unfailing[[]byte](t)(l.Export())
	done := make(chan error, 1)
	go func() {
		for {
			if err := l.Import(text); err != nil {
				done <- err
				return
			}
		}
	}()
	old := trailOf(t, dir)
	until(t, "an import", func() bool { _, err := os.Stat(old); return err != nil })
	l.end()
	before := content(t, dir)
	if err := <-done; !strings.Contains(err.Error(), "closed") {
		t.Errorf("the import: %v", err)
	}
	for path, text := range content(t, dir) {
		if before[path] != text {
			t.Errorf("%s was changed", path)
		}
	}
}

// Versioning is the world's: that of the file of objects may be older.
func TestVersioningOutlastsAKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := inDir(t, dir)
	bucket := aws.String("tip-demo-data")
	until(t, "saved", func() bool { _, _, saved := l.health(); return saved })
	names, _ := filepath.Glob(filepath.Join(dir, "objects-*.state"))
	old := unfailing[[]byte](t)(os.ReadFile(names[0]))
	_, err := l.s3().PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: "Enabled"}})
	if err != nil {
		t.Fatal(err)
	}
	l.end()
	if err := os.WriteFile(names[0], old, 0o600); err != nil { // as a kill right after the answer leaves it
		t.Fatal(err)
	}
	l = inDir(t, dir)
	out, err := l.s3().GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: bucket})
	if err != nil || out.Status != "Enabled" {
		t.Errorf("%v, %v", out, err)
	}
	if put, err := l.s3().PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("x")}); err != nil || aws.ToString(put.VersionId) == "" {
		t.Errorf("%v, %v", put, err)
	}
}

// A change that is written does not hide that other things are not.
func TestFailureOutlastsAChange(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	told := make(chan error, 100)
	l := inDir(t, dir, func(o *lab.Options) { o.OnDataDir = func(err error) { told <- err } })
	names, _ := filepath.Glob(filepath.Join(dir, "objects-*.state"))
	obstruct(t, names[0])
	if _, err := l.s3().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("tip-demo-data"), Key: aws.String("k"), Body: strings.NewReader("x")}); err != nil {
		t.Fatal(err)
	}
	if err := <-told; err == nil {
		t.Error("no failure was told")
	}
	for n, began := 0, time.Now(); time.Since(began) < 1500*time.Millisecond; n++ { // after a second the world is tried again
		l.createSecret(fmt.Sprintf("secret-%d", n))
	}
	if len(told) > 0 {
		t.Errorf("told %v meanwhile", <-told)
	}
	if status, failed, saved := l.health(); status != "degraded" || failed == "" || saved {
		t.Errorf("after a change: %s, %s, %v", status, failed, saved)
	}
	if err := os.RemoveAll(names[0]); err != nil {
		t.Fatal(err)
	}
	if err := <-told; err != nil {
		t.Errorf("told again: %v", err)
	}
	l.end()
	if len(told) > 0 {
		t.Errorf("told %v more", <-told)
	}
}

// Metadata need not be UTF-8: what was put is what is got, wherever the object went.
func TestMetadataOfBytes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := inDir(t, dir)
	bucket, key := aws.String("tip-demo-data"), aws.String("k")
	metadata := map[string]string{"latin": "\xe9t\xe9", "utf": "\u00e9", "like": "=?bytes?B?eA==?=", "mime": "=?UTF-8?B?eA==?="}
	if _, err := l.s3().PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key, Body: bytes.NewReader(nil), Metadata: metadata, ContentType: aws.String("text/\xe9")}); err != nil {
		t.Fatal(err)
	}
	check := func(where string) {
		t.Helper()
		got, err := l.s3().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: key})
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		for name, value := range metadata {
			if got.Metadata[name] != value {
				t.Errorf("%s: %s is %q, was %q", where, name, got.Metadata[name], value)
			}
		}
		if *got.ContentType != "text/\xe9" {
			t.Errorf("%s: %q", where, *got.ContentType)
		}
	}
	check("at once")
	text, err := l.Export()
	if err != nil {
		t.Fatal(err)
	}
	l.end()
	l = inDir(t, dir)
	check("after a restart")
	l.end()
	l = inMemory(t)
	if err := l.Import(text); err != nil {
		t.Fatal(err)
	}
	check("after an import")
}

// A file that is too long is refused before it is read.
func TestImportOfALongFile(t *testing.T) {
	l := inMemory(t)
	err := l.Import(bytes.Repeat([]byte("#"), 128<<20+1))
	if err == nil || !strings.Contains(err.Error(), "larger than 128 MiB") || errors.Is(err, lab.ErrLarge) {
		t.Errorf("%v", err)
	}
}
