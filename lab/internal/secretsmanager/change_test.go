package secretsmanager_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/secretsmanager"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// TestDeletedMeanwhile: a secret that is marked or removed between the look at it
// and the change is not changed.
func TestDeletedMeanwhile(t *testing.T) {
	text, err := os.ReadFile("../../default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := world.Parse(text, "127.0.0.1:8000")
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.New(f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := w.Secret("444455556666", "eu-west-1", "tip-notebook/app-user")
	refused := func(want string) {
		t.Helper()
		var e *awswire.Error
		if err := secretsmanager.Change(w, s); want == "" && err != nil || want != "" && (!errors.As(err, &e) || e.Code != want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	refused("")
	if _, err := w.ChangeSecret(s.ARN, func(s *world.Secret) error { s.Deleted, s.Purged = w.Now(), w.Now().Add(time.Hour); return nil }); err != nil {
		t.Fatal(err)
	}
	refused("InvalidRequestException")
	w.RemoveSecret(s.ARN)
	refused("ResourceNotFoundException")
}
