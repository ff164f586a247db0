package cli

import (
	"context"
	"os"
	"runtime"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/diag/ambient"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/ownprocess"
)

// chain begins a diagnosis: what is configured, and what reads are signed with.
func (a *app) chain(ctx context.Context, asked chain.Asked) *chain.Chain {
	c := &chain.Chain{Asked: asked, Getenv: a.Getenv, Notice: func(text string) { a.say("%s", text) }}
	c.HTTP, c.HTTPErr = a.httpClient()
	c.Home, c.ContextName, c.StoreErr = a.inUse()
	if c.StoreErr == nil {
		c.Store, c.StoreErr = a.store()
	}
	if c.Store == nil {
		c.ConfigErr = c.StoreErr
	} else if c.Config, c.Warnings, c.ConfigErr = readConfig(c.Store); c.ConfigErr == nil {
		c.ConfigErr = c.Config.Validate()
	}
	if c.Asked.ApplicationARN == "" {
		c.Asked.ApplicationARN = c.Config.TokenExchangeApplicationARN
	}
	c.Login, c.LoginErr = c.Config.Login()
	c.Regions, c.RegionsErr = c.Config.Regions(a.Getenv, a.profileRegion)
	c.Center = a.access(ctx, c, asked.CenterProfile, c.Regions.IdentityCenterRegion)
	if asked.AppProfile == "" {
		c.Application.Reason = "--app-profile is not given"
	} else {
		c.Application = a.access(ctx, c, asked.AppProfile, c.Regions.Region)
	}
	return c
}

// access opens a profile, or the ambient credentials, unless it would get its
// credentials from tip-cli: they are yours, and not an administrator's, and to get them
// might have somebody sign in.
func (a *app) access(ctx context.Context, c *chain.Chain, profile, region string) chain.Access {
	switch {
	case c.HTTPErr != nil:
		return chain.Access{Profile: profile, Reason: c.HTTPErr.Error()}
	case c.RegionsErr != nil:
		return chain.Access{Profile: profile, Reason: c.RegionsErr.Error()}
	}
	name := profile
	if name == "" && a.Getenv("AWS_ACCESS_KEY_ID") == "" {
		name = awsprofile.Ambient(a.Getenv)
	}
	if name != "" && a.ownProfile(name) {
		return chain.Access{Profile: profile, Reason: "the AWS profile " + name + " gets its credentials from tip-cli itself"}
	}
	return ambient.Open(ctx, c.HTTP, profile, region)
}

// ownProfile reports whether a profile gets its credentials from tip-cli, itself or by
// the profile that it has them from.
func (a *app) ownProfile(name string) bool {
	const longest = 10 // of a chain of profiles: it may be a circle
	path, err := awsprofile.Path(a.Getenv, os.UserHomeDir)
	for range longest {
		settings, getErr := awsprofile.Get(path, name)
		if err != nil || getErr != nil {
			return false // the SDK will say what is wrong
		}
		if _, ours := ownprocess.Parse(awsprofile.Words(runtime.GOOS, settings["credential_process"])); ours {
			return true
		}
		if settings["source_profile"] == "" || settings["source_profile"] == name {
			return false
		}
		name = settings["source_profile"]
	}
	return false
}
