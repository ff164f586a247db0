package world

import "time"

// WorkGroupFile is a work group of Athena. Every account has one called primary in
// every region, which a file need not name.
type WorkGroupFile struct {
	Name    string `yaml:"name"`
	Account string `yaml:"account"`
	Region  string `yaml:"region"`
	// Description of up to 1,024 characters.
	Description string `yaml:"description"`
	// Disabled says that its state is DISABLED.
	Disabled bool `yaml:"disabled"`
	// Configuration is the API's WorkGroupConfiguration, with the API's names.
	Configuration any `yaml:"configuration"`
	// Application is the ARN of the Identity Center application of a work group with
	// Identity Center; made up when it is left out.
	Application string            `yaml:"application"`
	Tags        map[string]string `yaml:"tags"`
	// Created is the start of the lab when it is left out.
	Created *time.Time `yaml:"created"`
}
