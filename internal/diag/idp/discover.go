package idp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
)

// document is a discovery document, of which nothing is believed to have the right type.
type document map[string]any

func (d document) text(member string) string {
	text, _ := d[member].(string)
	return text
}

// list returns the texts of a member that is a list, and whether there is one.
func (d document) list(member string) ([]string, bool) {
	values, ok := d[member].([]any)
	var texts []string
	for _, value := range values {
		if text, isText := value.(string); isText {
			texts = append(texts, text)
		}
	}
	return texts, ok
}

// discover reads the document. It returns why there is no more to look at.
func (s *section) discover(ctx context.Context) string {
	address := chain.Discovery(s.issuer)
	a, err := s.get(ctx, address)
	switch {
	case err != nil && untrusted(err):
		s.log.Found("idp.untrusted", address, cause(err), s.trust())
	case err != nil:
		s.log.Found("idp.unreachable", address, cause(err), s.reach())
	case a.outOfOrder():
		s.log.Found("idp.unreachable", address, fmt.Sprintf("HTTP status %d", a.status), s.reach())
	default:
		s.checkSpeed(address, a.took)
		return s.read(address, a)
	}
	return "needs the provider's answer, see idp.reachable"
}

func (s *section) checkSpeed(address string, took time.Duration) {
	if took >= slow {
		s.log.Found("idp.slow", address, fmt.Sprintf("it took %.1f s; STS waits about %d s", took.Seconds(), int(slow.Seconds())), s.hurry())
		return
	}
	s.log.OK("idp.reachable", fmt.Sprintf("%s answers in %d ms", s.issuer, took.Milliseconds()))
}

func (s *section) read(address string, a *answer) string {
	const see = "needs the discovery document, see idp.discovery"
	if !a.ok() {
		s.log.Found("idp.no-discovery", address, fmt.Sprintf("HTTP status %d", a.status), s.correctIssuer())
		return see
	}
	var doc document
	if err := json.Unmarshal(a.body, &doc); err != nil || doc == nil {
		s.log.Found("idp.no-discovery", address, notJSON(a.body), s.correctIssuer())
		return see
	}
	s.doc = doc
	s.log.OK("idp.discovery", address)
	return ""
}

func notJSON(body []byte) string {
	if text := strings.TrimSpace(string(body)); strings.HasPrefix(text, "<") {
		return "the answer is a page (HTML): perhaps a proxy or a log-in page of the network answers in its place"
	}
	return "the answer is not a JSON object"
}

// checkIssuer compares the issuer, and returns the provider's.
func (s *section) checkIssuer() string {
	theirs := s.doc.text("issuer")
	switch {
	case theirs == s.issuer:
		s.log.OK("idp.issuer", s.issuer)
	case theirs == "":
		s.log.Found("idp.issuer-mismatch", chain.Discovery(s.issuer), "the discovery document names no issuer", s.correctIssuer())
	default:
		seen := fmt.Sprintf("%s is %s, and the discovery document says %s", s.setting, shown(s.issuer), shown(theirs))
		if strings.TrimSuffix(theirs, "/") == strings.TrimSuffix(s.issuer, "/") {
			seen += ": they differ in the trailing slash"
		}
		s.log.Found("idp.issuer-mismatch", s.setting, seen, s.takeIssuer(theirs))
		return theirs
	}
	return s.issuer
}

// wanted are the members that STS wants (IAM user guide, "Create an OpenID Connect
// identity provider"), besides the issuer, which has a check of its own.
func wanted() []string {
	return []string{"jwks_uri", "claims_supported", "response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"}
}

func (s *section) checkMetadata() {
	var missing []string
	for _, member := range wanted() {
		values, isList := s.doc.list(member)
		if !isList && s.doc.text(member) == "" || isList && len(values) == 0 {
			missing = append(missing, member)
		}
	}
	if len(missing) > 0 {
		s.log.Found("idp.metadata-incomplete", chain.Discovery(s.issuer), "missing or empty: "+strings.Join(missing, ", "), s.completeMetadata(missing))
		return
	}
	s.log.OK("idp.metadata", "all are there")
}

func (s *section) checkAlgorithms() {
	const member = "id_token_signing_alg_values_supported"
	offered, said := s.doc.list(member)
	switch {
	case !said || len(offered) == 0:
		s.log.Skip("idp.algorithms", "the provider does not say, see idp.metadata")
	case !slices.Contains(offered, "RS256"):
		s.log.Found("idp.no-rs256", chain.Discovery(s.issuer), member+" is "+shown(strings.Join(offered, " "))+", without RS256", s.signRS256())
	default:
		s.log.OK("idp.algorithms", "RS256 is offered")
	}
}

func (s *section) checkPKCE() {
	methods, said := s.doc.list("code_challenge_methods_supported")
	switch {
	case s.login == nil || s.byDevice():
		s.log.Skip("idp.pkce", "nobody signs in by a redirect")
	case !said:
		s.log.OK("idp.pkce", "the provider does not say, as Entra ID and Cognito do not: they take S256")
	case !slices.Contains(methods, "S256"):
		s.log.Found("idp.no-s256", chain.Discovery(s.issuer), "code_challenge_methods_supported is "+shown(strings.Join(methods, " "))+", without S256", s.offerPKCE())
	default:
		s.log.OK("idp.pkce", "S256 is offered")
	}
}
