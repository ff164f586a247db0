package awsprofile

import "slices"

// Profiles returns the names of the profiles of the config file at path, in its
// order, each once. A missing file has none. The error is an [*Error].
func Profiles(path string) ([]string, error) {
	content, _, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range parse(content).sections {
		if name := profileOf(s.header); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}
