package ambient

import (
	"context"
	"errors"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// silence remembers which services gave no answer at all, after all attempts. Whoever
// asks one of them again is told so at once: a firewall that swallows packets would else
// be waited for once a read.
type silence struct {
	mu sync.Mutex
	of map[string]error // by service and region
}

// add puts it before the attempts of every operation.
func (s *silence) add(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Silence", s.handle), middleware.After)
}

func (s *silence) handle(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	service := awsmiddleware.GetServiceID(ctx) + " " + awsmiddleware.GetRegion(ctx)
	s.mu.Lock()
	known := s.of[service]
	s.mu.Unlock()
	if known != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, known
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	if ctx.Err() == nil && unanswered(err) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.of[service] = err
	}
	return out, metadata, err
}

// unanswered reports whether a request was sent, or was to be, and nobody answered.
func unanswered(err error) bool {
	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	return unsent
}
