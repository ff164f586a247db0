// Package labtest starts a lab for a test, so that any project can test its own
// code of trusted identity propagation without an AWS account:
//
//	l := labtest.Start(t)                                     // AWS and an identity provider, on loopback
//	cfg := labtest.Config(l, nil)                             // for any client of aws-sdk-go-v2
//	token := labtest.IDToken(t, l, labtest.Analyst)           // somebody has signed in
//	err := app.Serve(t.Context(), cfg, token)                 // your code
//	events := labtest.Events(l, labtest.Named("GetDataAccess")) // what AWS would have logged
//
// Everything is the real thing but AWS itself: requests are signed, sent over HTTP,
// verified and authorized, and refusals have AWS's codes and words. The world is that
// of [lab.DefaultWorld], whose names are constants here; [Edit] changes it.
// docs/labtest.md is the guide.
//
// The functions may be called concurrently as far as testing.TB admits that. A lab
// per test starts in about twenty milliseconds, so that tests need not share one; what
// tests share they may also change for each other.
//
// The package does not prove that a policy is right on AWS: docs/world.md lists what
// the lab assumes. It listens on loopback only, and is no security boundary.
package labtest
