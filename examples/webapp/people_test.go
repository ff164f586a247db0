package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// Two people are signed in at once, and each sees what was granted to them.
func TestTwoPeople(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst, engineer := s.signedIn(t, "analyst"), s.signedIn(t, "engineer")

	home := analyst.get(t, "/")
	home.want(t, http.StatusOK, "Analyst", "s3://tip-demo-data/reports/*", "s3://tip-demo-data/home/analyst/*", "Read and write")
	home.wantNot(t, "pipelines", "engineer", "tip-notebook-data") // which is granted through another application
	home = engineer.get(t, "/")
	home.want(t, http.StatusOK, "Engineer", "s3://tip-demo-data/pipelines/*", "s3://tip-demo-data/reports/summary.txt")
	home.wantNot(t, "home/analyst", "reports/*")

	folder := analyst.browse(t, "s3://tip-demo-data/reports/")
	folder.want(t, http.StatusOK, "2026/", "summary.txt", "36 B")
	folder.wantNot(t, "pipelines")
	analyst.browse(t, "s3://tip-demo-data/reports/2026/").want(t, http.StatusOK, "revenue.csv", link("/browse", "s3://tip-demo-data/reports/"))
	analyst.browse(t, "s3://tip-team-data/").want(t, http.StatusOK, "datasets/", "readme.txt")
	engineer.browse(t, "s3://tip-demo-data/reports/").want(t, http.StatusForbidden, "You do not have access")
	analyst.browse(t, "s3://tip-demo-data/").want(t, http.StatusForbidden, "You do not have access")

	analyst.download(t, "s3://tip-demo-data/home/analyst/notes.txt").want(t, http.StatusOK, "Ask about the third quarter.")
	engineer.download(t, "s3://tip-demo-data/home/analyst/notes.txt").want(t, http.StatusForbidden, "You do not have access")
	engineer.download(t, "s3://tip-demo-data/reports/summary.txt").want(t, http.StatusOK, "Revenue grew")
	analyst.download(t, "s3://tip-demo-data/reports/none.txt").want(t, http.StatusForbidden, "does not exist")

	if got := s.Counts().Exchanges.Granted; got != 2 {
		t.Errorf("%d exchanges for two people", got)
	}
	if got := s.Counts().DataAccesses.Granted; got != 4 {
		t.Errorf("GetDataAccess was granted %d times for 4 grants", got)
	}
}

// What may only be written is listed, and leads nowhere.
func TestWriteOnlyGrant(t *testing.T) {
	t.Parallel()
	for scope, want := range map[string]string{
		"s3://b/in/*": link("/browse", "s3://b/in/"), "s3://b/in/file": link("/download", "s3://b/in/file"),
	} {
		for permission, want := range map[types.Permission]string{"READ": want, "READWRITE": want, "WRITE": ""} {
			got := row(types.ListCallerAccessGrantsEntry{GrantScope: &scope, Permission: permission})
			if got.Link != want || got.Permission == "" {
				t.Errorf("%s %s: %+v", permission, scope, got)
			}
		}
	}
}

// What is in a file is somebody's upload.
func TestDownloadIsNotShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	got := s.signedIn(t, "analyst").download(t, "s3://tip-demo-data/reports/2026/revenue.csv")
	got.want(t, http.StatusOK, "quarter,revenue")
	for name, want := range map[string]string{
		"Content-Type":            "application/octet-stream",
		"Content-Disposition":     "attachment; filename=revenue.csv",
		"Content-Length":          "32",
		"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff",
		"Cache-Control":           "no-store",
	} {
		if value := got.header.Get(name); value != want {
			t.Errorf("%s: %q, want %q", name, value, want)
		}
	}
}

func TestAttachment(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.csv":          `attachment; filename=a.csv`,
		`a "b"; c.csv`:   `attachment; filename="a \"b\"; c.csv"`,
		"übersicht.csv":  `attachment; filename*=utf-8''%C3%BCbersicht.csv`,
		"a\r\nX-Evil: 1": `attachment; filename*=utf-8''a%0D%0AX-Evil%3A%201`,
		"<script>.html":  `attachment; filename="<script>.html"`,
	} {
		if got := attachment(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// A hundred requests of two people, all at once on shared clients: each sees their own,
// and AWS's record names them.
func TestRequestsOfTwoPeopleAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	people := []*person{s.signedIn(t, "analyst"), s.signedIn(t, "engineer")}
	mine := []string{"Ask about the third quarter.", "Rotate the pipeline keys."}
	logins := []string{"analyst", "engineer"}
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			me, other := i%2, 1-i%2
			p := people[me]
			switch i / 2 % 5 {
			case 0:
				page := p.get(t, "/")
				page.want(t, http.StatusOK, "home/"+logins[me]+"/*")
				page.wantNot(t, "home/"+logins[other])
			case 1:
				p.browse(t, "s3://tip-demo-data/home/"+logins[me]+"/").want(t, http.StatusOK, "notes.txt")
			case 2, 3:
				page := p.download(t, "s3://tip-demo-data/home/"+logins[me]+"/notes.txt")
				page.want(t, http.StatusOK, mine[me])
			case 4:
				page := p.download(t, "s3://tip-demo-data/home/"+logins[other]+"/notes.txt")
				page.want(t, http.StatusForbidden, "You do not have access")
				page.wantNot(t, mine[other])
			}
		})
	}
	wg.Wait()
	checkTrail(t, s)
	if got := s.Counts().Exchanges; got.Granted != 2 || got.Refused != 0 {
		t.Errorf("exchanges: %+v", got)
	}
}

// checkTrail wants the record to name the right person for everything below home/.
func checkTrail(t *testing.T, s *site) {
	t.Helper()
	seen := map[string]int{}
	for _, e := range s.Events() {
		if e.EventSource != "s3.amazonaws.com" {
			continue
		}
		if e.UserIdentity.OnBehalfOf == nil {
			t.Errorf("%s names nobody", e.EventName)
			continue
		}
		who := e.UserIdentity.OnBehalfOf.UserID
		asked := fmt.Sprint(e.RequestParameters, e.AdditionalData)
		for login, id := range map[string]string{"analyst": analystID, "engineer": engineerID} {
			if !strings.Contains(asked, "home/"+login+"/") {
				continue
			}
			switch {
			case e.ErrorCode == "" && who != id:
				t.Errorf("%s of the %s's files on behalf of %s", e.EventName, login, who)
			case e.ErrorCode != "" && who == id:
				t.Errorf("%s of the %s's own files: %s", e.EventName, login, e.ErrorCode)
			case e.ErrorCode == "":
				seen[e.EventName+" "+login]++
			}
		}
	}
	for _, want := range []string{"GetDataAccess analyst", "GetDataAccess engineer", "GetObject analyst", "GetObject engineer", "ListObjectsV2 analyst", "ListObjectsV2 engineer"} {
		if seen[want] == 0 {
			names := []string{}
			for name := range seen {
				names = append(names, name)
			}
			slices.Sort(names)
			t.Errorf("no %s in the record, but %v", want, names)
		}
	}
}
