package tipcreds

import (
	"context"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// plainBody hides every method of a request's body but Read and Seek.
//
// smithy-go (seen in v1.28.8) closes the body as soon as the answer's header is
// there. Its WriteTo then returns io.EOF as an error, where Read would end the
// copy in peace, and net/http closes the connection under the answer: "use of
// closed network connection". A fast server (the lab, a local endpoint) meets
// this about once in fifty requests, and a JWT that was sent is spent.
func plainBody(stack *middleware.Stack) error {
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("tipcreds.PlainBody", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if req, ok := in.Request.(*smithyhttp.Request); ok {
			if stream, ok := req.GetStream().(io.ReadSeeker); ok {
				plain, err := req.SetStream(struct{ io.ReadSeeker }{stream})
				if err != nil {
					return middleware.FinalizeOutput{}, middleware.Metadata{}, err
				}
				in.Request = plain
			}
		}
		return next.HandleFinalize(ctx, in)
	}), middleware.Before)
}
