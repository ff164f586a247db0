package cli

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/session"
)

// maxExplained bounds the grants of an explanation; those that have nothing to do with
// the path are told of a few only.
const (
	maxExplained = 100
	maxElsewhere = 5
)

// explanation is the JSON of explain.
type explanation struct {
	Target      string           `json:"target"`
	Permission  string           `json:"permission"`
	Privilege   string           `json:"privilege"`
	TargetType  string           `json:"target_type"`
	AccountID   known            `json:"account_id"`
	Region      known            `json:"region"`
	OwnerFound  bool             `json:"account_looked_up"`
	UserID      known            `json:"user_id"`
	Application known            `json:"application_arn"`
	ServedBy    *grantLine       `json:"served_by"`
	Stored      *explainedStored `json:"stored"`
	Live        *explainedLive   `json:"live"`
	Grants      []explainedGrant `json:"grants"`
	Omitted     int              `json:"grants_omitted"`
	Unlisted    string           `json:"grants_unread,omitempty"`
	Notes       []string         `json:"notes"`
	Try         []suggestion     `json:"try"`
	// GrantCommand would have an administrator make a grant.
	GrantCommand known `json:"grant_command"`
}

// explainedGrant is a grant and what it is to the request.
type explainedGrant struct {
	grantLine
	Verdict string `json:"verdict"`
	Reason  string `json:"reason"`
}

// explainedStored are credentials that get-data-access would print without asking.
type explainedStored struct {
	Target     string    `json:"target"`
	Permission string    `json:"permission"`
	Expiration time.Time `json:"expiration"`
}

// explainedLive is the answer of GetDataAccess.
type explainedLive struct {
	Granted    bool       `json:"granted"`
	Target     known      `json:"target"`
	Expiration *time.Time `json:"expiration"`
	// Expected is nil if the grants are not known.
	Expected *bool  `json:"as_expected"`
	Error    string `json:"error,omitempty"`
}

// suggestion is a command that would do something, and what.
type suggestion struct {
	Why     string `json:"why"`
	Command string `json:"command"`
}

// explanation is what a report says.
func (f *findings) explanation() *explanation {
	r := f.request
	e := &explanation{
		Target: r.Target, Permission: string(r.Permission), Privilege: string(r.Privilege), TargetType: orElse(string(r.TargetType), "Prefix"),
		AccountID: known(f.grants.AccountID), Region: known(f.grants.Region), OwnerFound: f.grants.Found,
		UserID: known(f.grants.UserID), Application: known(f.grants.Application),
		Grants: []explainedGrant{},
	}
	judged := f.grants.Judge(r.Target, r.Permission)
	if len(judged) > 0 && judged[0].Verdict == session.VerdictServes {
		line := newGrantLine(&f.grants, judged[0].CallerGrant)
		e.ServedBy = &line
	}
	e.list(f, judged)
	if f.stored != nil {
		e.Stored = &explainedStored{f.stored.Target, f.stored.Permission, f.stored.Expiration.UTC()}
	}
	if f.live != nil {
		e.Live = f.explainedLive(e.ServedBy)
	}
	if f.unlisted != nil {
		e.Unlisted = oneLine(f.unlisted.Error())
	}
	e.Try, e.GrantCommand = f.advice(e.ServedBy, judged)
	e.Notes = append(f.requestNotes(), f.grantNotes(e)...)
	return e
}

// list takes over the grants that are worth a line.
func (e *explanation) list(f *findings, judged []session.JudgedGrant) {
	elsewhere := 0
	for i, j := range judged {
		if j.Verdict == session.VerdictElsewhere {
			elsewhere++
		}
		if len(e.Grants) == maxExplained || elsewhere > maxElsewhere {
			e.Omitted = len(judged) - i
			return
		}
		e.Grants = append(e.Grants, explainedGrant{newGrantLine(&f.grants, j.CallerGrant), string(j.Verdict), f.reason(j, i)})
	}
}

// reason says for a person why a grant has its verdict; i is its place.
func (f *findings) reason(j session.JudgedGrant, i int) string {
	smaller := fmt.Sprintf("gives %s only", j.Permission)
	switch j.Verdict {
	case session.VerdictServes:
		if i > 0 {
			return "serves it as well: of two for one path AWS takes either"
		}
		return "serves it"
	case session.VerdictLessSpecific:
		return "would serve it, but a more specific one comes first"
	case session.VerdictPermission:
		return "covers it, but " + smaller
	case session.VerdictApplication:
		return "covers it, but for another application only: " + j.Application
	case session.VerdictPart:
		text := "covers only a part of it"
		if !j.Permits(f.request.Permission) {
			text += ", and " + smaller
		}
		if !f.grants.Usable(j.CallerGrant) {
			text += ", for another application"
		}
		return text
	}
	if j.Covers(f.request.Target + "/") {
		return "is for what is below it: the path has no slash at its end"
	}
	return "is for something else"
}

// explainedLive compares what AWS said with the grant that was to serve, if any was.
func (f *findings) explainedLive(servedBy *grantLine) *explainedLive {
	entry, said := &f.live.entry, &explainedLive{}
	expected := servedBy == nil
	if f.live.err != nil {
		said.Error = oneLine(f.live.err.Error())
	} else {
		said.Granted, said.Target, said.Expiration = true, known(entry.Target), end(entry.Expiration)
		expected = servedBy != nil && (f.request.Privilege == types.PrivilegeMinimal || entry.Target == servedBy.Target)
	}
	if f.unlisted == nil {
		said.Expected = &expected
	}
	return said
}

// surprising reports whether AWS has decided otherwise than the grants have it.
func (l *explainedLive) surprising() bool { return l.Expected != nil && !*l.Expected }

// hint is the next thing to do where nothing serves.
func (e *explanation) hint() string {
	switch {
	case len(e.Try) > 0:
		return e.Try[0].Why + ": " + e.Try[0].Command
	case e.GrantCommand != "":
		return fmt.Sprintf("an administrator of account %s can make a grant: %s", e.AccountID, e.GrantCommand)
	}
	return "see what is yours: tip-cli s3ag list-grants"
}
