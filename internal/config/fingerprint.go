package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Fingerprint returns the SHA-256, in hex, of what credentials depend on: the
// provider, its issuer or endpoints, the client, the application and both roles;
// and, where they are set, the token that is sent, the audience and the token
// source. Credentials with another fingerprint were made for another
// configuration. Regions, scopes, the redirect and the length of a session do not
// change whose credentials they are.
func (c Config) Fingerprint() string {
	c, _ = c.Clean()
	var issuer, client, authorize, token string
	if preset, ok := PresetFor(c.IdP); ok {
		issuer, client = preset.Issuer(c), preset.ClientID(c)
		if preset.Endpoints != nil {
			authorize, token = preset.Endpoints(c)
		}
	}
	parts := []string{
		"tip-cli fingerprint 1", c.IdP, issuer, client, authorize, token,
		c.TokenExchangeApplicationARN, c.OIDCRoleARN, c.IDEnhancedRoleARN,
	}
	// A JSON array of strings is unambiguous, and cannot fail to encode.
	text, _ := json.Marshal(append(parts, c.laterParts()...))
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// laterParts are those that came later: the fingerprint of a configuration
// without them must stay what it was.
func (c Config) laterParts() []string {
	var parts []string
	if c.Assertion != "" && c.Assertion != AssertionIDToken {
		parts = append(parts, "assertion="+c.Assertion)
	}
	if c.Audience != "" {
		parts = append(parts, "audience="+c.Audience)
	}
	if len(c.TokenCommand) > 0 {
		command, _ := json.Marshal(c.TokenCommand)
		parts = append(parts, "token_command="+string(command))
	}
	if c.TokenFile != "" {
		parts = append(parts, "token_file="+c.TokenFile)
	}
	return parts
}
