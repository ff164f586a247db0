package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

// maxSize is the most that a configuration may hold, in bytes.
const maxSize = 1 << 20

// FromArg parses the value of `--config`: JSON text if it starts with "{", else
// the path of a file with such text. The rest is as for [Parse].
func FromArg(arg, provider string) (Config, []Problem, error) {
	if strings.HasPrefix(strings.TrimSpace(arg), "{") {
		return Parse([]byte(arg), provider)
	}
	raw, err := readFile(arg)
	if err != nil {
		return Config{}, nil, err
	}
	return Parse(raw, provider)
}

func readFile(path string) ([]byte, error) {
	const hint = `give a JSON file, or the JSON itself: --config '{"idp": ...}'`
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, invalid("", fmt.Sprintf("--config: there is no file %q, and it is not JSON text either (that starts with {)", path), hint)
	case err != nil:
		return nil, invalid("", "--config: "+err.Error(), hint)
	case !info.Mode().IsRegular():
		return nil, invalid("", fmt.Sprintf("--config: %q is not a regular file", path), hint)
	case info.Size() > maxSize:
		return nil, invalid("", fmt.Sprintf("--config: %q is too large for a configuration", path), hint)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, invalid("", "--config: "+err.Error(), hint)
	}
	raw, err := io.ReadAll(io.LimitReader(file, maxSize))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, invalid("", "--config: "+err.Error(), hint)
	}
	return raw, nil
}

// Parse decodes a configuration: the text of config.json, or of `--config`. With
// a provider (as in `configure idp --provider`), its keys may also be bare:
// client_id for okta_client_id, url, tenant_id, domain, issuer. An absent or null
// key is no error here; [Config.Validate] finds what is missing. A client secret
// is refused, under any spelling of its key.
//
// The problems are warnings: keys that are unknown (they are kept), and what was
// put right ([Config.Clean]). The error is an [*InvalidError]; the
// keys that could be read are beside it.
func Parse(raw []byte, provider string) (Config, []Problem, error) {
	members, err := object(raw)
	if err != nil {
		return Config{}, nil, err
	}
	var warnings []Problem
	if provider != "" {
		if _, ok := PresetFor(provider); !ok {
			return Config{}, nil, &InvalidError{Problems: []Problem{unknownProvider(provider)}}
		}
	} else {
		provider = stringMember(members["idp"])
	}
	members, problems := spellOut(members, provider)
	c, wrong, unknown := decode(members)
	problems, warnings = append(problems, wrong...), append(warnings, unknown...)
	if len(problems) > 0 {
		return c, warnings, &InvalidError{Problems: problems}
	}
	if c.IdP != "" && provider != "" && c.IdP != provider {
		warnings = append(warnings, Problem{Key: "idp", Message: fmt.Sprintf("%q in the configuration gives way to the provider %q that was chosen", c.IdP, provider)})
	}
	if provider != "" {
		c.IdP = provider
	}
	c, notes := c.Clean()
	return c, append(warnings, notes...), nil
}

// decode fills a Config; unknown keys are kept and noted.
func decode(members map[string]json.RawMessage) (c Config, problems, unknown []Problem) {
	for _, key := range slices.Sorted(maps.Keys(members)) {
		value := members[key]
		f, known := fieldFor(key)
		switch {
		case known:
			if err := f.set(&c, value); err != nil {
				problems = append(problems, Problem{Key: key, Message: err.Error()})
			} else if f.get(&c) == nil {
				c.Cleared = append(c.Cleared, key)
			}
		case secretKey(key):
			if text := string(value); text != "null" && text != `""` {
				problems = append(problems, secretProblem(key))
			}
		default:
			problem := unknownKey(&c, key, value)
			if string(value) != "null" { // which takes it away
				unknown = append(unknown, problem)
			}
		}
	}
	return c, problems, unknown
}

func unknownKey(c *Config, key string, value json.RawMessage) Problem {
	if c.Unknown == nil {
		c.Unknown = make(map[string]json.RawMessage)
	}
	c.Unknown[key] = value
	message := "this version does not know the key; it is kept"
	if near := nearest(key); near != "" {
		message += fmt.Sprintf(" (did you mean %s?)", near)
	}
	return Problem{Key: key, Message: message}
}

// object splits a JSON object into its members.
func object(raw []byte) (map[string]json.RawMessage, error) {
	if bytes.HasPrefix(raw, []byte{0xff, 0xfe}) || bytes.HasPrefix(raw, []byte{0xfe, 0xff}) {
		return nil, invalid("", "the configuration is in UTF-16", "save it as UTF-8 (in PowerShell: Out-File -Encoding utf8)")
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	var members map[string]json.RawMessage
	err := json.Unmarshal(raw, &members)
	var syntax *json.SyntaxError
	switch {
	case len(bytes.TrimSpace(raw)) == 0:
		return nil, invalid("", "the configuration is empty", "")
	case errors.As(err, &syntax):
		before := raw[:min(max(int(syntax.Offset)-1, 0), len(raw))]
		line := 1 + bytes.Count(before, []byte("\n"))
		column := len(before) - bytes.LastIndexByte(before, '\n')
		return nil, invalid("", fmt.Sprintf("the configuration is not JSON: line %d, column %d: %v", line, column, err), quotingHint(raw))
	case err != nil || members == nil:
		return nil, invalid("", "the configuration must be a JSON object: {\"key\": \"value\", ...}", "")
	}
	return members, nil
}

// quotingHint notices JSON that a shell stripped of its quotes.
func quotingHint(raw []byte) string {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) && !bytes.Contains(raw, []byte(`"`)) {
		return "the shell took the quotes away: put the JSON into a file and give its path to --config"
	}
	return ""
}

func stringMember(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

// bareKeys are the spellings that the original's code and ours accept beside the
// full ones, for each provider.
var bareKeys = map[string]map[string]string{
	Okta:     {"client_id": "okta_client_id", "url": "okta_url", "issuer": "okta_url"},
	EntraID:  {"client_id": "entra_client_id", "tenant_id": "entra_tenant_id", "tenant": "entra_tenant_id", "authority": "entra_authority"},
	Cognito:  {"client_id": "cognito_client_id", "domain": "cognito_domain", "issuer": "cognito_issuer", "user_pool_id": "cognito_user_pool_id"},
	OIDC:     {"client_id": "oidc_client_id", "issuer": "oidc_issuer", "url": "oidc_issuer"},
	Keycloak: {"client_id": "keycloak_client_id", "issuer": "keycloak_url", "url": "keycloak_url"},
	Auth0:    {"client_id": "auth0_client_id", "domain": "auth0_domain", "issuer": "auth0_domain", "url": "auth0_domain"},
	Google:   {"client_id": "google_client_id"},
	Ping:     {"client_id": "ping_client_id", "issuer": "ping_issuer", "url": "ping_issuer"},
}

// spellOut returns members with the provider's bare keys replaced by the full
// ones. Two spellings of one key must agree.
func spellOut(members map[string]json.RawMessage, provider string) (map[string]json.RawMessage, []Problem) {
	full := maps.Clone(members)
	var problems []Problem
	for _, bare := range slices.Sorted(maps.Keys(bareKeys[provider])) {
		key := bareKeys[provider][bare]
		value, given := full[bare]
		if !given {
			continue
		}
		delete(full, bare)
		other, both := full[key]
		switch {
		case string(value) == "null":
		case both && string(other) != "null" && !bytes.Equal(other, value):
			problems = append(problems, Problem{Key: key, Message: fmt.Sprintf("is given twice, here and as %q, with different values", bare)})
		default:
			full[key] = value
		}
	}
	return full, problems
}

// nearest returns the known key that differs from key by case, dashes or
// underscores only.
func nearest(key string) string {
	for _, f := range fields {
		if plainKey(f.key) == plainKey(key) {
			return f.key
		}
	}
	return ""
}

func plainKey(key string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(key))
}
