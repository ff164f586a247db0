package labcli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tip-cli/tip-cli/lab"
)

func newFault() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "fault", Short: "Make requests to the running lab fail on purpose",
		Long: `Sets, lists and clears faults of the running lab. A fault says which requests it
strikes and what happens to them: they are throttled, refused, delayed, cut off or
answered with garbage, as AWS and OIDC providers do on bad days. The same faults can
be set at the start, with tip-lab start --faults FILE. docs/faults.md explains all.`,
		Example: `  tip-lab fault add throttle --service sts --operation AssumeRole --first 2
  tip-lab fault add lost-answer --service sso-oidc --operation CreateTokenWithIAM --nth 1
  tip-lab fault list
  tip-lab fault clear`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	dirFlag(cmd, &dir)
	cmd.AddCommand(newFaultAdd(&dir), newFaultList(&dir), newFaultClear(&dir))
	return cmd
}

func newFaultAdd(dir *string) *cobra.Command {
	var f lab.Fault
	cmd := &cobra.Command{
		Use: "add ACTION", Short: "Set a fault",
		Long: `Sets a fault and prints its name. ACTION is one of
  throttle, internal-error, unavailable, refuse, deny, wrong-region, expire: an
    error in place of the work, as the service has it
  reset: the connection is cut before the work
  lost-answer, late-answer, truncate, garbage, content-type: the work is done, and
    the answer is lost, late or damaged
  delay, allow-replay, rotate-keys, move-clock: something happens first
Without any of the selecting flags every request is struck. --service idp is the
OIDC providers; their operations are discovery, keys, authorize, token, userinfo,
revoke, logout and device.`,
		Example: `  tip-lab fault add throttle --service sts --operation 'Assume*' --first 2
  tip-lab fault add unavailable --service idp --operation keys --until 1m
  tip-lab fault add refuse --code InvalidGrantException --status 400 --operation CreateTokenWithIAM --times 1
  tip-lab fault add late-answer --delay 20s --service s3 --operation GetObject --every 3`,
		Args: exactly("action"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := emptyFlags(cmd); err != nil {
				return err
			}
			f.Do = lab.FaultAction(args[0])
			var set lab.Fault
			if err := control(cmd.Context(), *dir, http.MethodPost, "faults", f, &set); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), set.Name)
			return err
		},
	}
	faultFlags(cmd, &f)
	return cmd
}

// emptyFlags refuses flags that say nothing: a selector that was forgotten to be filled
// in would be true of every request.
func emptyFlags(cmd *cobra.Command) error {
	var err error
	cmd.Flags().Visit(func(fl *pflag.Flag) {
		switch v := fl.Value.String(); {
		case err != nil || fl.Name == "seed" || fl.Name == "keep-old" || fl.Name == "dir":
		case v == "" || v == "0" || v == "0s":
			err = usage(cmd, fmt.Errorf("--%s is given and says nothing: fill it in, or leave it out", fl.Name))
		}
	})
	return err
}

func faultFlags(cmd *cobra.Command, f *lab.Fault) {
	fl := cmd.Flags()
	fl.StringVar(&f.Name, "name", "", "name of the fault (default: made up)")
	fl.StringVar(&f.Service, "service", "", "service, such as sts, s3 or idp; * and ? stand for anything")
	fl.StringVar(&f.Operation, "operation", "", "operation, such as AssumeRole; * and ? stand for anything")
	fl.StringVar(&f.Account, "account", "", "id of the caller's account")
	fl.StringVar(&f.Region, "region", "", "region that the request is for")
	fl.StringVar(&f.AccessKey, "access-key", "", "id of the access key that signs")
	fl.StringVar(&f.Role, "role", "", "name or ARN of the caller's role; * and ? stand for anything")
	fl.StringVar(&f.Person, "person", "", "Identity Center user id that the caller's session carries")
	fl.StringVar(&f.Issuer, "issuer", "", "name of the OIDC provider; of rotate-keys, whose keys")
	fl.IntVar(&f.Nth, "nth", 0, "strike this one of the requests, counted from 1")
	fl.IntVar(&f.First, "first", 0, "strike the first so many")
	fl.IntVar(&f.Every, "every", 0, "strike each one of so many")
	fl.Float64Var(&f.Probability, "probability", 0, "strike this part of them, up to 1")
	fl.Uint64Var(&f.Seed, "seed", 0, "which ones, with --probability")
	fl.IntVar(&f.Times, "times", 0, "strike so often at most")
	fl.StringVar(&f.From, "from", "", "strike from a time (RFC 3339), or so long after now")
	fl.StringVar(&f.Until, "until", "", "strike until a time (RFC 3339), or so long after now")
	fl.DurationVar((*time.Duration)(&f.Delay), "delay", 0, "how long, of delay and late-answer")
	fl.StringVar(&f.Code, "code", "", "error code, of refuse")
	fl.StringVar(&f.Message, "message", "", "text of the error, of refuse")
	fl.IntVar(&f.Status, "status", 0, "HTTP status, of refuse (default: that of the code)")
	fl.DurationVar((*time.Duration)(&f.RetryAfter), "retry-after", 0, "the header Retry-After, of throttle and unavailable")
	fl.StringVar(&f.ToRegion, "to-region", "", "where the client is sent, of wrong-region")
	fl.StringVar(&f.Body, "body", "", "what is sent in place of the answer, of garbage")
	fl.StringVar(&f.ContentType, "content-type", "", "of content-type and garbage (default: text/html)")
	fl.BoolVar(&f.KeepOld, "keep-old", false, "leave the old keys published, of rotate-keys")
	fl.DurationVar((*time.Duration)(&f.By), "by", 0, "how far, of move-clock; negative for back")
}

func newFaultList(dir *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the faults that are set, and how often each has struck",
		Example: `  tip-lab fault list
  tip-lab fault list --json`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var answer struct {
				Faults []lab.FaultStatus `json:"faults"`
			}
			if err := control(cmd.Context(), *dir, http.MethodGet, "faults", nil, &answer); err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(answer.Faults)
			}
			return writeFaults(cmd.OutOrStdout(), answer.Faults)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func writeFaults(out io.Writer, list []lab.FaultStatus) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, "NAME\tACTION\tMATCHED\tSTRUCK\tLEFT\tREQUESTS"); err != nil {
		return err
	}
	for _, s := range list {
		left := "-"
		if s.Left != nil {
			left = fmt.Sprint(*s.Left)
		}
		if _, err := fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%s\n", s.Name, s.Do, s.Matched, s.Struck, left, requestsOf(&s.Fault)); err != nil {
			return err
		}
	}
	return w.Flush()
}

// requestsOf says which requests a fault is for, as the keys of a scenario file do.
func requestsOf(f *lab.Fault) string {
	var words []string
	for _, one := range []struct{ name, value string }{
		{"service", f.Service}, {"operation", f.Operation}, {"account", f.Account}, {"region", f.Region}, {"accessKey", f.AccessKey},
		{"role", f.Role}, {"person", f.Person}, {"issuer", f.Issuer}, {"from", f.From}, {"until", f.Until},
	} {
		if one.value != "" {
			words = append(words, one.name+"="+one.value)
		}
	}
	for _, one := range []struct {
		name  string
		value int
	}{{"nth", f.Nth}, {"first", f.First}, {"every", f.Every}, {"times", f.Times}} {
		if one.value > 0 {
			words = append(words, fmt.Sprintf("%s=%d", one.name, one.value))
		}
	}
	if f.Probability > 0 {
		words = append(words, fmt.Sprintf("probability=%v", f.Probability))
	}
	if words == nil {
		return "all"
	}
	return strings.Join(words, " ")
}

func newFaultClear(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "clear [NAME...]", Short: "Take faults away: those named, or all",
		Example: `  tip-lab fault clear
  tip-lab fault clear fault-1`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return control(cmd.Context(), *dir, http.MethodDelete, "faults", nil, nil)
			}
			if err := allSet(cmd, *dir, args); err != nil {
				return err
			}
			for _, name := range slices.Compact(slices.Sorted(slices.Values(args))) {
				if err := control(cmd.Context(), *dir, http.MethodDelete, "faults?name="+url.QueryEscape(name), nil, nil); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// allSet refuses names of which one is of no fault, so that clear does all or nothing.
func allSet(cmd *cobra.Command, dir string, names []string) error {
	var answer struct {
		Faults []lab.FaultStatus `json:"faults"`
	}
	if err := control(cmd.Context(), dir, http.MethodGet, "faults", nil, &answer); err != nil {
		return err
	}
	for _, name := range names {
		if !slices.ContainsFunc(answer.Faults, func(s lab.FaultStatus) bool { return s.Name == name }) {
			return fmt.Errorf("there is no fault %q; nothing was cleared", name)
		}
	}
	return nil
}
