// Modelgen trims AWS service models for the lab.
//
// It reads botocore's data directory, keeps the chosen operations of the chosen
// services with the shapes they reach, strips documentation and traits that
// only clients need, and writes one JSON file per service:
//
//	go run ./lab/internal/awswire/modelgen -botocore .../botocore/data -out ./lab/internal/awswire/models
//	go run ./lab/internal/awswire/modelgen -botocore .../botocore/data -out ./lab/internal/awswire/testdata/models -set test
//
// The models are Apache-2.0, as botocore is. It refuses a model that has a trait
// it does not know, so that a new trait is looked at before it is dropped.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	data := flag.String("botocore", "", "botocore's `data` directory")
	out := flag.String("out", "", "`directory` to write the trimmed models to")
	set := flag.String("set", "lab", "set of services: lab or test")
	flag.Parse()
	if err := run(*data, *out, *set); err != nil {
		fmt.Fprintln(os.Stderr, "modelgen: error:", err)
		os.Exit(1)
	}
}

func run(data, out, set string) error {
	services, ok := sets[set]
	if !ok {
		return fmt.Errorf("no set %q", set)
	}
	if data == "" || out == "" {
		return fmt.Errorf("-botocore and -out are required")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, s := range services {
		if err := generate(data, out, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}
