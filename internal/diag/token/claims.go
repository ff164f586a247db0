package token

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
)

// year10000 is where dates end.
const year10000 = 253402300800

// wrong is a claim with a value that it cannot have.
type wrong struct{ claim, seen string }

// read fills the claims that matter in, as far as they have the right type, and returns
// those that do not, and those that are missing.
func read(t *chain.Token) (bad []wrong, missing []string) {
	texts := map[string]*string{"iss": &t.Issuer, "sub": &t.Subject, "azp": &t.AuthorizedParty, "jti": &t.ID}
	times := map[string]*time.Time{"exp": &t.Expiry, "iat": &t.IssuedAt, "nbf": new(time.Time)}
	for _, claim := range []string{"iss", "sub", "aud", "exp", "iat", "azp", "jti", "nbf"} {
		value, there := t.Claims[claim]
		var seen string
		switch {
		case !there:
			if needed(claim) {
				missing = append(missing, claim)
			}
		case claim == "aud":
			t.Audience, seen = audience(value)
		case times[claim] != nil:
			*times[claim], seen = date(value)
		case claim == "jti" && value == "": // as good as none
		default:
			*texts[claim], seen = name(value)
		}
		if claim == "sub" && there && seen == "" {
			seen = length(t.Subject, leastSubject, mostSubject)
		}
		if seen != "" {
			bad = append(bad, wrong{claim, claim + " is " + seen})
		}
	}
	return append(bad, sessionClaims(t.Claims)...), missing
}

func needed(claim string) bool {
	switch claim {
	case "iss", "sub", "aud", "exp", "iat":
		return true
	}
	return false
}

// name is a claim that is a text; seen says what is wrong with it.
func name(value any) (text, seen string) {
	text, ok := value.(string)
	switch {
	case !ok:
		return "", chain.KindOf(value) + ", and must be a text"
	case text == "":
		return "", "empty"
	}
	return text, ""
}

// audience is one text or a list of them (RFC 7519 section 4.1.3).
func audience(value any) (texts []string, seen string) {
	list, ok := value.([]any)
	if !ok {
		text, seen := name(value)
		if seen != "" {
			return nil, seen
		}
		return []string{text}, ""
	}
	for _, entry := range list {
		text, seen := name(entry)
		if seen != "" {
			return nil, "a list with an entry that is " + seen
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return nil, "an empty list"
	}
	return texts, ""
}

// date is seconds since 1970 as STS wants them: an integer (STS API reference,
// AssumeRoleWithWebIdentity).
func date(value any) (at time.Time, seen string) {
	number, ok := value.(json.Number)
	if !ok {
		return time.Time{}, chain.KindOf(value) + ", and must be a number"
	}
	seconds, err := strconv.ParseInt(number.String(), 10, 64)
	switch {
	case err != nil && strings.ContainsAny(number.String(), ".eE"):
		return time.Time{}, short(number.String()) + ", and must be an integer"
	case err != nil || seconds >= year10000:
		return time.Time{}, short(number.String()) + ", which is no date before the year 10000"
	case seconds < 0:
		return time.Time{}, short(number.String()) + ", and must not be negative"
	}
	return time.Unix(seconds, 0).UTC(), ""
}

// short keeps huge numbers short.
func short(number string) string {
	const longest = 20
	if len(number) > longest {
		return fmt.Sprintf("a number of %d characters", len(number))
	}
	return number
}

// shown quotes a claim, shortened.
func shown(text string) string {
	const longest = 150
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "..."
	}
	return strconv.Quote(text)
}
