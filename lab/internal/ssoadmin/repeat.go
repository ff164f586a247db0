package ssoadmin

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// repeatable tells a creating request by its ClientToken. in is the input without it.
func repeatable(c *awswire.Caller, s *world.Session, token *string, in any) world.Repeatable {
	text, _ := json.Marshal(in) // of strings only: it does not fail
	return world.Repeatable{Account: s.Account, Operation: c.Operation + " " + c.Region, Token: aws.ToString(token), Parameters: string(text)}
}
