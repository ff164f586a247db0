package oidclogin

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"mime"
	"net/url"
	"strconv"
	"time"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// grantAnswer is what the token endpoint granted (RFC 6749 section 5.1, OpenID
// Connect Core 1.0 section 3.1.3.3). Each may be zero.
type grantAnswer struct {
	idToken, accessToken, refreshToken secret.Value
}

// grant sends a form to the token endpoint and reads the answer; what is wrong
// with a granted answer beyond its form is for the caller to find, because the
// refresh token in it is the only one that still works.
func (k *call) grant(ctx context.Context, endpoint string, form url.Values, sends int) (grantAnswer, error) {
	if err := k.authenticate(ctx); err != nil {
		return grantAnswer{}, err
	}
	a, err := k.post(ctx, endpoint, form, sends)
	if err != nil {
		return grantAnswer{}, k.names.requestError(ctx, "the token endpoint", err)
	}
	read, readable := a.fields()
	if !a.ok() || read.code != "" {
		return grantAnswer{}, k.tokenError(a, read, k.sentIn(form))
	}
	if !readable {
		return grantAnswer{}, a.unreadable("the token endpoint")
	}
	return grantAnswer{idToken: read.secret("id_token"), accessToken: read.secret("access_token"), refreshToken: read.secret("refresh_token")}, nil
}

// answerFields are the fields of an answer that are text or a number.
type answerFields struct {
	code, description string // of an OAuth error
	text, numbers     map[string]string
}

// seconds is a number, which a few providers send as text; zero for anything
// else, and a day at most.
func (f answerFields) seconds(name string) time.Duration {
	n, err := strconv.ParseFloat(cmp.Or(f.numbers[name], f.text[name]), 64)
	if err != nil || !(n > 0) {
		return 0
	}
	return time.Duration(min(n, 24*60*60) * float64(time.Second))
}

func (f answerFields) secret(name string) secret.Value { return secret.New(f.text[name]) }

// fields reads a JSON object, or the query string that a few old token endpoints
// answer with. A byte order mark before the object or anything behind it does no
// harm: a refusal would lose the tokens in it.
func (a *answer) fields() (answerFields, bool) {
	f := answerFields{text: map[string]string{}, numbers: map[string]string{}}
	if a.mediaType() == "application/x-www-form-urlencoded" {
		values, err := url.ParseQuery(string(a.body))
		for name := range values {
			f.text[name] = values.Get(name)
		}
		f.code, f.description = f.text["error"], f.text["error_description"]
		return f, err == nil
	}
	var object map[string]json.RawMessage
	err := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(a.body, []byte("\ufeff")))).Decode(&object)
	for name, raw := range object {
		var text string
		var number json.Number
		if json.Unmarshal(raw, &text) == nil {
			f.text[name] = text
		} else if json.Unmarshal(raw, &number) == nil {
			f.numbers[name] = number.String()
		}
	}
	f.code, f.description = f.text["error"], f.text["error_description"]
	return f, err == nil && object != nil
}

// mediaType is the type of Content-Type without its parameters, empty for none.
func (a *answer) mediaType() string {
	t, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// plainMediaType keeps what is no media type out of errors.
var plainMediaType = lazyregexp.New(`^[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,60}$`)

// unreadable says what came in place of an answer that was granted. Trying again
// would only send what is used up.
func (a *answer) unreadable(what string) *Error {
	kind := a.mediaType()
	switch {
	case a.header.Get("Content-Type") == "":
		kind = "something without a content type"
	case !plainMediaType().MatchString(kind):
		kind = "an odd content type"
	case kind == "application/json":
		kind += " that is not a JSON object"
	}
	e := fail(KindNetwork, "%s answered HTTP status %d with %s in place of a JSON object", what, a.status, kind)
	if a.mediaType() == "application/json" {
		e = fail(KindNetwork, "%s answered HTTP status %d with %s", what, a.status, kind)
	}
	e.final = true
	return e.hint(pageInPlace)
}
