package main

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// As in contract/src/payload.rs: the same values, byte for byte.
const distinct = 1024

func values(it *job) [][]byte {
	all := make([][]byte, distinct)
	for n := range all {
		if it.payload == "text" {
			all[n] = text(uint64(n), it.size)
		} else {
			all[n] = random(uint64(n), it.size)
		}
	}
	return all
}

type check struct {
	records, bytes int
	sum            uint64
}

func (c *check) read(value []byte) {
	c.records++
	c.bytes += len(value)
	c.sum += head(value)
}

func (c *check) verify(it *job) error {
	replayed := strings.HasPrefix(it.topic, "null-")
	if c.records < it.records || (!replayed && c.records > it.records) {
		return fmt.Errorf("%d records read, not %d", c.records, it.records)
	}
	if replayed {
		return nil
	}
	var sums [distinct]uint64
	var whole, expected uint64
	for n, value := range values(it) {
		sums[n] = head(value)
		whole += sums[n]
	}
	expected = whole * uint64(it.records/distinct)
	for n := range it.records % distinct {
		expected += sums[n]
	}
	if c.sum != expected {
		return fmt.Errorf("sum %d, not %d", c.sum, expected)
	}
	return nil
}

func head(value []byte) uint64 {
	if len(value) >= 8 {
		return binary.LittleEndian.Uint64(value)
	}
	var first [8]byte
	copy(first[:], value)
	return binary.LittleEndian.Uint64(first[:])
}

func next(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	mixed := *state
	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb
	return mixed ^ (mixed >> 31)
}

func random(n uint64, size int) []byte {
	state := n
	value := make([]byte, 0, size+8)
	for len(value) < size {
		value = binary.LittleEndian.AppendUint64(value, next(&state))
	}
	return value[:size]
}

func text(n uint64, size int) []byte {
	places := []string{"Lisbon", "Osaka", "Nairobi", "Quito", "Oslo", "Perth"}
	states := []string{"created", "paid", "shipped", "returned"}
	state := n ^ 0x5eed
	var value []byte
	for len(value) < size {
		place := places[next(&state)%6]
		order := states[next(&state)%4]
		number, cents, at := 100_000+next(&state)%900_000, next(&state)%50_000, next(&state)%100_000_000_000
		value = fmt.Appendf(value, `[%d,{"state":"%s","city":"%s","cents":%d,"at":17%011d}],`,
			number, order, place, cents, at)
	}
	return value[:size]
}
