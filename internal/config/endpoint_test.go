package config_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/config"
)

func TestEndpoint(t *testing.T) {
	for region, want := range map[string]string{
		"eu-west-1":     "https://sts.eu-west-1.amazonaws.com",
		"us-gov-west-1": "https://sts.us-gov-west-1.amazonaws.com",
		"cn-north-1":    "https://sts.cn-north-1.amazonaws.com.cn",
	} {
		if got := config.Endpoint("sts", region); got != want {
			t.Errorf("%s: %s, not %s", region, got, want)
		}
	}
}
