package rediscache_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
)

func encoded(n byte) string { return base64.StdEncoding.EncodeToString(material(n)) }

func TestNewKey(t *testing.T) {
	long := strings.Repeat("x", 32)
	tests := []struct {
		id     string
		length int
		want   error
	}{
		{"one", 32, nil},
		{"2026-01.A_b", 32, nil},
		{long, 32, nil},
		{"", 32, rediscache.ErrKeyID},
		{long + "x", 32, rediscache.ErrKeyID},
		{"a b", 32, rediscache.ErrKeyID},
		{"a:b", 32, rediscache.ErrKeyID},
		{"schlüssel", 32, rediscache.ErrKeyID},
		{"one", 0, rediscache.ErrKeyLength},
		{"one", 16, rediscache.ErrKeyLength},
		{"one", 24, rediscache.ErrKeyLength},
		{"one", 31, rediscache.ErrKeyLength},
		{"one", 33, rediscache.ErrKeyLength},
	}
	for _, tt := range tests {
		k, err := rediscache.NewKey(tt.id, make([]byte, tt.length))
		if !errors.Is(err, tt.want) {
			t.Errorf("NewKey(%q, %d bytes): %v, want %v", tt.id, tt.length, err, tt.want)
		}
		if typed := (*rediscache.KeyError)(nil); err != nil && !errors.As(err, &typed) {
			t.Errorf("NewKey(%q): %T is no KeyError", tt.id, err)
		}
		if err == nil && k.ID() != tt.id {
			t.Errorf("ID() = %q, want %q", k.ID(), tt.id)
		}
	}
}

func TestParseKeys(t *testing.T) {
	one, two := "one:"+encoded(1), "two:"+encoded(2)
	tests := []struct {
		name, text string
		ids        []string
		want       error
		message    string
	}{
		{"one", one, []string{"one"}, nil, ""},
		{"in order", two + "," + one, []string{"two", "one"}, nil, ""},
		{"white space", " " + one + " ,\r\n\t" + two + "\n", []string{"one", "two"}, nil, ""},
		{"nothing", "", nil, rediscache.ErrNoKeys, "rediscache: at least one key is required"},
		{"only commas", " ,, ", nil, rediscache.ErrNoKeys, "rediscache: at least one key is required"},
		{"no id", one + "," + encoded(1), nil, rediscache.ErrKeyEncoding, "rediscache: key 2 of the list: a key is written as id, colon and base64"},
		{"a strange id", "ö:" + encoded(1), nil, rediscache.ErrKeyEncoding, "rediscache: key 1 of the list: a key is written as id, colon and base64"},
		{"not base64", "one:" + strings.Repeat("?", 44), nil, rediscache.ErrKeyEncoding, `rediscache: key "one": a key is written as id, colon and base64`},
		{"short", "one:" + encoded(1)[:40], nil, rediscache.ErrKeyLength, `rediscache: key "one": a key has 32 bytes: make one with openssl rand -base64 32`},
		{"unpadded", strings.TrimRight(one, "="), nil, rediscache.ErrKeyEncoding, `rediscache: key "one": a key is written as id, colon and base64`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys, err := rediscache.ParseKeys(tt.text)
			var ids []string
			for _, k := range keys {
				ids = append(ids, k.ID())
			}
			if diff := cmp.Diff(tt.ids, ids); diff != "" || !errors.Is(err, tt.want) {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if err != nil && err.Error() != tt.message {
				t.Errorf("got %q, want %q", err, tt.message)
			}
			if err != nil {
				wantNoMaterial(t, err.Error())
			}
		})
	}
}

// NewKey copies what it is given: a caller may wipe it.
func TestKeyIsCopied(t *testing.T) {
	m := material(1)
	k, err := rediscache.NewKey("one", m)
	if err != nil {
		t.Fatal(err)
	}
	clear(m)
	server := sharedRedis(t)
	mustSet(t, openWith(t, connect(t, server), []rediscache.Key{k}), t.Name(), "x")
	wantValue(t, open(t, connect(t, server)), t.Name(), "x")
}

func TestKeyIsNotPrinted(t *testing.T) {
	k := key(t, "one", 0x5a)
	outer := struct {
		Key  rediscache.Key
		Keys []rediscache.Key
	}{k, []rediscache.Key{k}}
	var log journal
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("x", "key", k, "outer", outer)
	}
	encoded, err := json.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{k.String(), k.GoString(), k.LogValue().String(), log.String(), string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		all = append(all, fmt.Sprintf(verb, k), fmt.Sprintf(verb, outer), fmt.Sprintf(verb, &outer))
	}
	for _, shown := range all {
		if !strings.Contains(shown, "key one REDACTED") {
			t.Errorf("%q does not say which key it is", shown)
		}
		wantNoMaterial(t, shown)
	}
	if got := (rediscache.Key{}).String(); got != "key  REDACTED" {
		t.Errorf("the zero Key prints %q", got)
	}
}

// wantNoMaterial wants none of the tests' keys in a text, in no form.
func wantNoMaterial(t *testing.T, text string) {
	t.Helper()
	for _, n := range []byte{1, 2, 0x5a} {
		m := material(n)[:6]
		decimal, literal := fmt.Sprintf("%d", m), fmt.Sprintf("%#v", m)
		for _, form := range []string{
			string(m), hex.EncodeToString(m), base64.StdEncoding.EncodeToString(m), strings.Trim(decimal, "[]"), literal[len("[]byte{") : len(literal)-1],
		} {
			if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
				t.Errorf("%q has key material as %q", text, form)
			}
		}
	}
}
