package main

import (
	"net/http"
	"testing"
)

// Grants are remembered for who has them, on every page, and until they sign out.
func TestGrantsAreTheirs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst, engineer := s.signedIn(t, "analyst"), s.signedIn(t, "engineer")
	const reports, summary = "s3://tip-demo-data/reports/", "s3://tip-demo-data/reports/summary.txt"
	visit := func(want int) {
		t.Helper()
		analyst.browse(t, reports).want(t, http.StatusOK, "summary.txt")
		analyst.download(t, summary).want(t, http.StatusOK, "Revenue grew")
		engineer.download(t, summary).want(t, http.StatusOK, "Revenue grew")
		engineer.browse(t, reports).want(t, http.StatusForbidden, "You do not have access")
		if got := s.Counts().DataAccesses.Granted; got != want {
			t.Errorf("GetDataAccess was granted %d times, want %d", got, want)
		}
	}
	visit(2)
	visit(2)
	if held := s.app.plugin.Stats(); held.Grants != 2 || held.Denials != 1 {
		t.Errorf("%+v", held)
	}
	analyst.post(t, "/sign-out", "application/x-www-form-urlencoded", nil)
	if held := s.app.plugin.Stats(); held.Grants != 1 || held.Denials != 1 {
		t.Errorf("after the analyst signed out: %+v", held)
	}
	analyst = s.signedIn(t, "analyst")
	visit(3)
}
