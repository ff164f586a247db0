package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/secret"
)

const canary = "canary-5f1c"

func TestNoFormatShowsTheText(t *testing.T) {
	v := secret.New(canary)
	outer := struct{ Token secret.Value }{v}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", v, "outer", outer)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", v, "outer", outer)
	encoded, err := json.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		fmt.Sprint(v), fmt.Sprintf("%v %+v %#v %s %q %x", v, v, v, v, v, v),
		fmt.Sprintf("%v %+v %#v", outer, outer, outer), fmt.Sprintf("%v %#v", &outer, &outer),
		string(encoded), log.String(),
	} {
		if strings.Contains(s, canary) || strings.Contains(s, fmt.Sprintf("%x", canary)) {
			t.Errorf("the text shows in %q", s)
		}
	}
	if v.Reveal() != canary {
		t.Errorf("Reveal() = %q", v.Reveal())
	}
}

func TestZero(t *testing.T) {
	if !secret.New("").IsZero() || secret.New("x").IsZero() || secret.New("").Reveal() != "" {
		t.Error("IsZero is wrong")
	}
}
