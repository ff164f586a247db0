package fastpath_test

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// image is what is needed of an executable: the addresses of its symbols, and what is
// at an address.
type image struct {
	symbols map[string]uint64
	at      func(address uint64) io.ReaderAt // nil if nothing is there; offset 0 is the address
}

// TestInitOrderElsewhere reads the order of initialisation out of executables for
// systems that this one is not: the linker writes it down as the array called
// "go:main.inittasks". Pointers are in the file as they are: Go links these programs
// itself, without chained fixups.
func TestInitOrderElsewhere(t *testing.T) {
	if os.Getenv("CI") == "" && os.Getenv("TIP_CLI_TEST_BUILDS") == "" {
		t.Skip("builds tip-cli for two other systems, which takes minutes: set TIP_CLI_TEST_BUILDS=1 to do it outside of CI")
	}
	for goos, goarch := range map[string]string{"linux": "amd64", "darwin": "arm64", "windows": "amd64"} {
		t.Run(goos, func(t *testing.T) {
			path := program(t, goos, goarch)
			open := map[string]func(string) (*image, error){"linux": openELF, "darwin": openMachO, "windows": openPE}[goos]
			img, err := open(path)
			if err != nil {
				t.Fatal(err)
			}
			checkOrder(t, img.initOrder(t))
		})
	}
}

// initOrder returns the packages with something to do, in order.
func (img *image) initOrder(t *testing.T) []string {
	t.Helper()
	const suffix = "..inittask"
	packages := map[uint64]string{}
	for name, address := range img.symbols {
		if pkg, ok := strings.CutSuffix(name, suffix); ok {
			packages[address] = strings.ReplaceAll(pkg, "%2e", ".")
		}
	}
	start, ok := img.symbols["go:main.inittasks"]
	if !ok {
		t.Fatal("no go:main.inittasks")
	}
	var order []string
	data := img.at(start)
	for i := int64(0); ; i += 8 {
		var pointer [8]byte
		if _, err := data.ReadAt(pointer[:], i); err != nil {
			t.Fatal(err)
		}
		pkg, ok := packages[binary.LittleEndian.Uint64(pointer[:])]
		if !ok {
			break
		}
		order = append(order, pkg)
	}
	if len(order) < 50 {
		t.Fatalf("only %d packages: %v", len(order), order)
	}
	return order
}

// from reads a section from an address on.
func from(section io.ReaderAt, start, size, address uint64) io.ReaderAt {
	if address < start || address >= start+size {
		return nil
	}
	return io.NewSectionReader(section, int64(address-start), int64(start+size-address))
}

func openELF(path string) (*image, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	symbols, err := file.Symbols()
	if err != nil {
		return nil, err
	}
	img := &image{symbols: map[string]uint64{}}
	for _, s := range symbols {
		img.symbols[s.Name] = s.Value
	}
	img.at = func(address uint64) io.ReaderAt {
		for _, s := range file.Sections {
			if s.Type == elf.SHT_PROGBITS {
				if r := from(s, s.Addr, s.Size, address); r != nil {
					return r
				}
			}
		}
		return nil
	}
	return img, nil
}

func openMachO(path string) (*image, error) {
	file, err := macho.Open(path)
	if err != nil {
		return nil, err
	}
	if file.Symtab == nil {
		return nil, errors.New("no symbols")
	}
	img := &image{symbols: map[string]uint64{}}
	for _, s := range file.Symtab.Syms {
		img.symbols[strings.TrimPrefix(s.Name, "_")] = s.Value
	}
	img.at = func(address uint64) io.ReaderAt {
		for _, s := range file.Sections {
			if r := from(s, s.Addr, s.Size, address); r != nil && s.Offset > 0 {
				return r
			}
		}
		return nil
	}
	return img, nil
}

func openPE(path string) (*image, error) {
	file, err := pe.Open(path)
	if err != nil {
		return nil, err
	}
	header, ok := file.OptionalHeader.(*pe.OptionalHeader64)
	if !ok {
		return nil, errors.New("no 64-bit program")
	}
	img := &image{symbols: map[string]uint64{}}
	for _, s := range file.Symbols {
		if s.SectionNumber > 0 {
			img.symbols[s.Name] = header.ImageBase + uint64(file.Sections[s.SectionNumber-1].VirtualAddress) + uint64(s.Value)
		}
	}
	img.at = func(address uint64) io.ReaderAt {
		for _, s := range file.Sections {
			if r := from(s, header.ImageBase+uint64(s.VirtualAddress), uint64(s.Size), address); r != nil {
				return r
			}
		}
		return nil
	}
	return img, nil
}
