package main

import (
	"fmt"
	"strconv"
)

// What to do; contract/src/job.rs tells what each means. Settings that are nil were not
// given.
type job struct {
	role, bootstrap, topic string
	partitions, tasks      int
	records, warmup        int
	size, rate             int
	acks, codec, mode      string
	payload                string
	lingerMs, batchBytes   *int
	inFlight               *int
}

func parse(arguments []string) (*job, error) {
	if len(arguments) == 0 {
		return nil, fmt.Errorf("a role is missing")
	}
	it := &job{
		role: arguments[0], partitions: 6, tasks: 1, records: 1_000_000, size: 100,
		rate: 10_000, acks: "all", codec: "none", mode: "default", payload: "random",
	}
	texts := map[string]*string{
		"--bootstrap": &it.bootstrap, "--topic": &it.topic, "--acks": &it.acks,
		"--codec": &it.codec, "--mode": &it.mode, "--payload": &it.payload,
	}
	numbers := map[string]*int{
		"--partitions": &it.partitions, "--tasks": &it.tasks, "--records": &it.records,
		"--warmup": &it.warmup, "--size": &it.size, "--rate": &it.rate,
	}
	given := map[string]**int{
		"--linger-ms": &it.lingerMs, "--batch-bytes": &it.batchBytes, "--in-flight": &it.inFlight,
	}
	for at := 1; at < len(arguments); at += 2 {
		name := arguments[at]
		if at+1 == len(arguments) {
			return nil, fmt.Errorf("%s needs a value", name)
		}
		value := arguments[at+1]
		if text, ok := texts[name]; ok {
			*text = value
			continue
		}
		number, err := strconv.Atoi(value)
		if err != nil {
			return nil, fmt.Errorf("%s: not a number: %q", name, value)
		}
		if plain, ok := numbers[name]; ok {
			*plain = number
		} else if optional, ok := given[name]; ok {
			*optional = &number
		} else {
			return nil, fmt.Errorf("no argument %q", name)
		}
	}
	if it.bootstrap == "" || it.topic == "" {
		return nil, fmt.Errorf("--bootstrap and --topic are wanted")
	}
	return it, nil
}

// The partitions of one of the consumers.
func (it *job) share(task int) []int32 {
	var share []int32
	for partition := range it.partitions {
		if partition%it.tasks == task {
			share = append(share, int32(partition))
		}
	}
	return share
}

// How many records those have: record n is in partition n modulo their number.
func (it *job) shareRecords(task int) int {
	total := 0
	for _, partition := range it.share(task) {
		total += it.records / it.partitions
		if int(partition) < it.records%it.partitions {
			total++
		}
	}
	return total
}

// How many of the records one of the tasks sends.
func (it *job) part(records, task int) int {
	part := records / it.tasks
	if task < records%it.tasks {
		part++
	}
	return part
}

func or(given *int, otherwise int) int {
	if given != nil {
		return *given
	}
	return otherwise
}
