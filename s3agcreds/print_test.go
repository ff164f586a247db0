package s3agcreds_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// Nothing that holds a plugin, or what it puts into a client, prints a secret.
func TestPrintsNoSecret(t *testing.T) {
	c := newCloud("READ s3://b/*")
	cfg := c.config()
	// Not as the SDK has it by default, but as a value, which a printer goes into.
	cfg.Credentials = credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: grantSecret, SessionToken: grantToken}}
	p, err := s3agcreds.New(cfg, func(o *s3agcreds.Options) { o.AccountID = owner })
	if err != nil {
		t.Fatal(err)
	}
	client := s3.NewFromConfig(cfg, p.Install)
	if err := getObject("b", "k")(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	call := client.Options()
	p.Install(&call)
	type exported struct{ Plugin, Other any }
	type hidden struct {
		plugin *s3agcreds.Plugin
		value  s3agcreds.Plugin
		signer aws.CredentialsProvider
		make   s3.ExpressCredentialsProvider
	}
	tests := map[string]any{
		"a plugin": p, "its value": *p, "a pointer to it": &p, "none": s3agcreds.Plugin{}, "nil": (*s3agcreds.Plugin)(nil),
		"in a struct": exported{p, *p}, "in a hidden field": hidden{p, *p, call.Credentials, call.ExpressCredentials},
		"in a list": []any{p, *p}, "in a map": map[string]s3agcreds.Plugin{"p": *p},
		"credentials": call.Credentials, "sessions": call.ExpressCredentials,
		"what they point to":          reflect.ValueOf(call.Credentials).Elem().Interface(),
		"what the sessions' point to": reflect.ValueOf(call.ExpressCredentials).Elem().Interface(),
		"options":                     call, "options of the client": client.Options(),
	}
	for name, v := range tests {
		for _, verb := range strings.Split("v +v #v s q x X d t T p c b o O U e g", " ") {
			noSecret(t, name+" %"+verb, fmt.Sprintf("%"+verb, v))
		}
		var log bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(h).Info("m", "v", v)
		}
		noSecret(t, name+" logged", log.String())
		if encoded, err := json.Marshal(v); err == nil {
			noSecret(t, name+" encoded", string(encoded))
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "pointer", p, "value", *p)
	const want = "s3agcreds.Plugin{eu-west-1, 1 grants}"
	if n := strings.Count(log.String(), want); n != 2 {
		t.Errorf("%d times %q in %s", n, want, log.String())
	}
	for _, verb := range strings.Split("%v %+v %#v %s %d %x", " ") {
		got := fmt.Sprintf(strings.Join([]string{verb, verb, verb, verb}, ", "), p, *p, call.Credentials, call.ExpressCredentials)
		if want := want + ", " + want + ", s3agcreds.Plugin, s3agcreds.Plugin"; got != want {
			t.Errorf("%s: %q, want %q", verb, got, want)
		}
	}
}

func noSecret(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range []string{grantSecret, grantToken} {
		for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret)} {
			if strings.Contains(text, form) {
				t.Errorf("%s shows %q", what, form)
			}
		}
	}
}
