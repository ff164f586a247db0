package chain_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
)

// A shell reads quoted words as they were.
func TestQuoted(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh on this machine")
	}
	words := []string{"plain", "", "two words", "it's", `{"a": "$HOME"}`, "a;b", "`id`", "~", "*", "tab\tand\nline", `back\slash`, "ä", "-x", "a=b", "!x", "#"}
	for c := '!'; c <= '~'; c++ { // each by itself: none hides behind another
		words = append(words, string(c)+"HOME")
	}
	out, err := exec.Command(sh, "-c", `printf '%s\0' `+chain.Quoted(words...)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(words, strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCommands(t *testing.T) {
	access := chain.Access{Profile: "identity center"}
	if got, want := access.AWS("eu-west-1", "iam", "get-role", "--role-name", "a b"), `aws iam get-role --role-name 'a b' --region eu-west-1 --profile 'identity center'`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := (&chain.Access{}).AWS("", "sts", "get-caller-identity"); got != "aws sts get-caller-identity" {
		t.Error(got)
	}
	c := chain.Chain{Asked: chain.Asked{Context: "work", Services: []chain.Service{chain.S3}}}
	if got := c.TipCLI("auth"); got != "tip-cli --context work auth" {
		t.Error(got)
	}
	if !c.Asked.Wants(chain.S3) || c.Asked.Wants(chain.AthenaService) {
		t.Error("other services are wanted than were asked for")
	}
}
