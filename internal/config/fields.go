package config

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// field ties a key of config.json to a member of Config.
type field struct {
	key string
	// set decodes a JSON value; its error says what form is expected.
	set func(*Config, json.RawMessage) error
	// setText takes what a person typed.
	setText func(*Config, string) error
	// get returns nil for an absent member.
	get  func(*Config) any
	copy func(to, from *Config)
}

var fields = []field{
	text("idp", func(c *Config) *string { return &c.IdP }),
	text("token_exchange_application_arn", func(c *Config) *string { return &c.TokenExchangeApplicationARN }),
	text("oidc_role_arn", func(c *Config) *string { return &c.OIDCRoleARN }),
	text("id_enhanced_role_arn", func(c *Config) *string { return &c.IDEnhancedRoleARN }),
	text("okta_url", func(c *Config) *string { return &c.OktaURL }),
	text("okta_client_id", func(c *Config) *string { return &c.OktaClientID }),
	text("entra_tenant_id", func(c *Config) *string { return &c.EntraTenantID }),
	text("entra_client_id", func(c *Config) *string { return &c.EntraClientID }),
	text("entra_authority", func(c *Config) *string { return &c.EntraAuthority }),
	text("cognito_domain", func(c *Config) *string { return &c.CognitoDomain }),
	text("cognito_client_id", func(c *Config) *string { return &c.CognitoClientID }),
	text("cognito_issuer", func(c *Config) *string { return &c.CognitoIssuer }),
	text("oidc_issuer", func(c *Config) *string { return &c.OIDCIssuer }),
	text("oidc_client_id", func(c *Config) *string { return &c.OIDCClientID }),
	text("region", func(c *Config) *string { return &c.Region }),
	text("identity_center_region", func(c *Config) *string { return &c.IdentityCenterRegion }),
	text("redirect_host", func(c *Config) *string { return &c.RedirectHost }),
	portField,
	text("redirect_path", func(c *Config) *string { return &c.RedirectPath }),
	scopesField,
	text("s3ag_account_id", func(c *Config) *string { return &c.S3AGAccountID }),
}

// Keys returns the known keys of config.json in their order.
func Keys() []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

// Set sets the member behind key to what a person typed, trimmed of white space;
// "" removes it. The error is a [Problem].
func (c *Config) Set(key, value string) error {
	f, ok := fieldFor(key)
	if !ok {
		return Problem{Key: key, Message: "is not a key of config.json", Hint: "known keys: " + strings.Join(Keys(), ", ")}
	}
	if err := f.setText(c, strings.TrimSpace(value)); err != nil {
		return Problem{Key: key, Message: err.Error()}
	}
	return nil
}

// Get returns the member behind key as text, "" if it is absent or unknown.
func (c Config) Get(key string) string {
	f, ok := fieldFor(key)
	if !ok {
		return ""
	}
	switch value := f.get(&c).(type) {
	case nil:
		return ""
	case []string:
		return strings.Join(value, " ")
	default:
		return fmt.Sprint(value)
	}
}

func fieldFor(key string) (field, bool) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
	if i < 0 {
		return field{}, false
	}
	return fields[i], true
}

// text is the field of a string.
func text(key string, at func(*Config) *string) field {
	return field{
		key: key,
		set: func(c *Config, raw json.RawMessage) error {
			var value string
			if err := json.Unmarshal(raw, &value); err != nil {
				return fmt.Errorf("must be a string in quotes, not %s%s", kind(raw), leadingZeros(key))
			}
			*at(c) = strings.TrimSpace(value)
			return nil
		},
		setText: func(c *Config, value string) error { *at(c) = value; return nil },
		get: func(c *Config) any {
			if value := *at(c); value != "" {
				return value
			}
			return nil
		},
		copy: func(to, from *Config) { *at(to) = *at(from) },
	}
}

func leadingZeros(key string) string {
	if key == "s3ag_account_id" {
		return " (a number loses the leading zeros of an account id)"
	}
	return ""
}

const portForm = "must be a port number from 1 to 65535"

var portField = field{
	key: "redirect_port",
	set: func(c *Config, raw json.RawMessage) error {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			return setPort(c, text)
		}
		var number float64
		if err := json.Unmarshal(raw, &number); err != nil {
			return fmt.Errorf("%s, not %s", portForm, kind(raw))
		}
		if number != math.Trunc(number) || number < 1 || number > math.MaxUint16 {
			return fmt.Errorf("%s", portForm)
		}
		c.RedirectPort = int(number)
		return nil
	},
	setText: setPort,
	get: func(c *Config) any {
		if c.RedirectPort != 0 {
			return c.RedirectPort
		}
		return nil
	},
	copy: func(to, from *Config) { to.RedirectPort = from.RedirectPort },
}

func setPort(c *Config, value string) error {
	if value == "" {
		c.RedirectPort = 0
		return nil
	}
	port, err := strconv.ParseUint(value, 10, 16)
	if err != nil || port == 0 {
		return fmt.Errorf("%s", portForm)
	}
	c.RedirectPort = int(port)
	return nil
}

var scopesField = field{
	key: "scopes",
	set: func(c *Config, raw json.RawMessage) error {
		var list []string
		if json.Unmarshal(raw, &list) == nil {
			return setScopes(c, strings.Join(list, " "))
		}
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return fmt.Errorf("must be a list of strings, or one string with spaces between the scopes, not %s", kind(raw))
		}
		return setScopes(c, text)
	},
	setText: setScopes,
	get: func(c *Config) any {
		if len(c.Scopes) > 0 {
			return c.Scopes
		}
		return nil
	},
	copy: func(to, from *Config) { to.Scopes = slices.Clone(from.Scopes) },
}

func setScopes(c *Config, value string) error {
	c.Scopes = strings.Fields(value)
	if len(c.Scopes) == 0 {
		c.Scopes = nil
	}
	return nil
}

// kind names the type of a JSON value.
func kind(raw json.RawMessage) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "true or false"
	default:
		return "a number"
	}
}
