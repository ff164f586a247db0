package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/labcli"
)

// browser plays a browser that does not simply sign in. It is a command of its
// own, for BROWSER="browser MODE %s".
func browser(args []string) int {
	if err := browse(args[0], args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		return 1
	}
	return 0
}

func browse(mode, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	q := u.Query()
	redirect := q.Get("redirect_uri")
	switch mode {
	case "idle":
		return nil
	case "cancel":
		_, err := get(redirect, url.Values{"error": {"access_denied"}, "error_description": {"The person pressed Cancel."}, "state": {q.Get("state")}, "iss": {issuer}})
		return err
	case "forge":
		return forge(redirect, address)
	}
	return fmt.Errorf("unknown mode %q", mode)
}

// forge sends what any page in any tab could send, then signs in.
func forge(redirect, address string) error {
	for _, forged := range []url.Values{
		{"code": {"forged"}, "state": {"guessed"}},
		{"error": {"access_denied"}, "state": {""}},
		{"error": {"access_denied"}},
		{"code": {"forged"}},
	} {
		status, err := get(redirect, forged)
		if err != nil {
			return err
		}
		if status < 400 {
			return fmt.Errorf("a forged callback was answered with HTTP status %d", status)
		}
	}
	if code := labcli.Run(context.Background(), []string{"sign-in", "--as", "analyst", address}); code != 0 {
		return fmt.Errorf("sign-in: exit code %d", code)
	}
	return nil
}

func get(address string, q url.Values) (int, error) {
	resp, err := http.Get(address + "?" + q.Encode())
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
