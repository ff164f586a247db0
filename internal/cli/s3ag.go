package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newS3AG(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "s3ag", Short: "Credentials for S3 through S3 Access Grants",
		Example: `  tip-cli s3ag list-grants
  tip-cli s3ag get-data-access --permission READ s3://example-bucket/prefix/
  tip-cli s3ag explain --permission WRITE s3://example-bucket/prefix/`,
		Args: subcommandOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newGetDataAccess(a), newListGrants(a), newExplain(a), newListCredentials(a), newClearCredentials(a))
	return cmd
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
