package awsprofile

// Profile is a profile of the config file.
type Profile struct {
	Name string
	// Settings are as [Get] gives them.
	Settings map[string]string
}

// All returns the profiles of the config file at path, in its order, each once, and
// reads the file once. A missing file has none. The error is an [*Error].
func All(path string) ([]Profile, error) {
	content, _, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var all []Profile
	place := map[string]int{}
	for _, s := range parse(content).sections {
		name := profileOf(s.header)
		if name == "" {
			continue
		}
		i, known := place[name]
		if !known {
			i, place[name] = len(all), len(all)
			all = append(all, Profile{name, map[string]string{}})
		}
		for _, key := range s.keys {
			all[i].Settings[key.name] = key.value
		}
	}
	return all, nil
}

// Profiles returns the names of the profiles of the config file at path, as [All] does.
func Profiles(path string) ([]string, error) {
	all, err := All(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return names, nil
}
