package template

import (
	"math/big"
	"net/netip"
	"strconv"
)

// cidr cuts an address block into count blocks with so many host bits each: by
// default 8 of IPv4 and 64 of IPv6.
func cidr(list []any) (any, error) {
	if len(list) != 2 && len(list) != 3 {
		return nil, wrong(cidrForm)
	}
	text, _ := Text(list[0])
	block, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, wrong(cidrForm)
	}
	width, bits := block.Addr().BitLen(), 8
	if width == 128 {
		bits = 64
	}
	count, ok := small(list[1], 1, 256)
	if ok && len(list) == 3 {
		bits, ok = small(list[2], 1, 128)
	}
	if !ok {
		return nil, wrong(cidrForm)
	}
	room := width - block.Bits() - bits
	if room < 0 || room < 9 && count > 1<<room {
		return nil, wrong("Fn::Cidr cannot cut %d blocks with %d subnet bits from %s", count, bits, text)
	}
	return cut(block, count, bits), nil
}

func small(v any, least, most int) (int, bool) {
	text, _ := Text(v)
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= least && n <= most
}

func cut(block netip.Prefix, count, bits int) []any {
	first := new(big.Int).SetBytes(block.Masked().Addr().AsSlice())
	step := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	var all []any
	for range count {
		raw := first.FillBytes(make([]byte, block.Addr().BitLen()/8))
		addr, _ := netip.AddrFromSlice(raw)
		all = append(all, netip.PrefixFrom(addr, block.Addr().BitLen()-bits).String())
		first.Add(first, step)
	}
	return all
}
