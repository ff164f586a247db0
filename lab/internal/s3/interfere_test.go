package s3_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

// TestUnheardRequests: neither a request that is reset nor one whose client leaves
// while it is held up is observed.
func TestUnheardRequests(t *testing.T) {
	for name, interfere := range map[string]func(context.Context, *s3.Exchange) *awswire.Interference{
		"reset": func(context.Context, *s3.Exchange) *awswire.Interference {
			return &awswire.Interference{Refusal: http.ErrAbortHandler}
		},
		"gone": func(context.Context, *s3.Exchange) *awswire.Interference { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, s3.WithInterference(interfere))
			resp, err := f.server.Client().Get(f.server.URL + "/reports/seed.txt")
			if err == nil {
				_ = resp.Body.Close()
				t.Errorf("it is answered with %s", resp.Status)
			}
			f.server.Close() // waits for the request to end
			if len(f.exchanges) != 0 {
				t.Errorf("it is observed: %+v", f.exchanges)
			}
		})
	}
}
