package s3agcreds_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

func TestLoopbackEndpoint(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"http://127.0.0.1:8480": true, "http://localhost:1": true, "http://[::1]:1": true, "http://127.9.9.9": true,
		"https://all.test": false, "http://10.0.0.1": false, "https://127.0.0.1.test": false, "://": false, "": false,
	} {
		o := s3control.Options{BaseEndpoint: &endpoint}
		s3agcreds.LoopbackEndpoint(&o)
		if got := o.EndpointResolverV2 != nil; got != want {
			t.Errorf("%q: %v", endpoint, got)
		}
	}
	var none s3control.Options
	if s3agcreds.LoopbackEndpoint(&none); none.EndpointResolverV2 != nil {
		t.Error("without an endpoint there is a resolver")
	}
}
