package cli

import (
	"cmp"
	"context"
	"errors"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/wizard"
)

// askRegions asks for both regions. What the environment says need not be stored.
func (s *setup) askRegions(ctx context.Context) error {
	region, center := s.draft.Region, s.draft.IdentityCenterRegion
	about := "nothing else names it: it is needed"
	without := s.draft
	without.Region, without.IdentityCenterRegion = "", ""
	if ambient, err := without.Regions(s.Getenv, s.profileRegion); err == nil {
		about = "empty: what " + ambient.Source + " says, now " + ambient.Region
	}
	err := s.screen.Fill(ctx, "Regions", []wizard.Field{
		{
			Label: "Region of the application", About: about, Example: "eu-west-1", Value: &region,
			Check: func(text string) error { return s.regionRefused(text, "") },
		},
		{
			Label: "Region of IAM Identity Center", About: "empty: the same", Value: &center,
			Check: func(text string) error { return s.regionRefused(region, text) },
		},
	})
	if err != nil {
		return err
	}
	return errors.Join(s.draft.Set("region", region), s.draft.Set("identity_center_region", center))
}

// regionRefused says in one line why these regions cannot be.
func (s *setup) regionRefused(region, center string) error {
	c := s.draft
	if err := errors.Join(c.Set("region", region), c.Set("identity_center_region", center)); err != nil {
		return err
	}
	_, err := c.Regions(s.Getenv, s.profileRegion)
	if invalid, ok := errors.AsType[*config.InvalidError](err); ok {
		return refusal(invalid.Problems[0])
	}
	return err
}

// printSummary shows what is to be stored, and what has to be known elsewhere.
func (s *setup) printSummary(c config.Config) {
	line := func(label, value string) {
		if value == "" {
			return
		}
		label += ":"
		if s.colourful(s.Stderr) {
			label = bold.apply(label)
		}
		s.printf("  %s %s", label, printable(value))
	}
	preset, _ := config.PresetFor(c.IdP)
	s.printf("")
	line("Identity provider", preset.Title)
	for _, p := range append(preset.Prompts, config.CommonPrompts()...) {
		line(p.Label, c.Get(p.Key))
	}
	if r, err := c.Regions(s.Getenv, s.profileRegion); err == nil {
		line("Region", r.Region+sourceNote(c.Region, r.Source))
		line("Region of IAM Identity Center", cmp.Or(c.IdentityCenterRegion, r.IdentityCenterRegion))
	}
	if l, err := c.Login(); err == nil {
		for _, uri := range redirectURIs(l) {
			line("Redirect URI to register at the identity provider", uri)
		}
	}
	s.printf("")
}

// sourceNote says where a value is from that the configuration does not hold.
func sourceNote(held, source string) string {
	if held != "" {
		return ""
	}
	return " (" + source + ")"
}
